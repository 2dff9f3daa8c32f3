import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { readable } from "./rpc-status.ts";
import { explainConnection } from "./connection-error.ts";

/** PEM texts: who is trusted, and who we are. */
export interface GrpcTls {
  ca?: string;
  cert?: string;
  key?: string;
}

/** A call that did not end with status 0. Numbers are gRPC's status codes. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: number;
  /** `grpc-status-details-bin`: a google.rpc.Status. */
  readonly details: Uint8Array | undefined;

  constructor(status: number, message: string, details?: Uint8Array) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

const unavailable = 14;
const deadlineExceeded = 4;
const internal = 13;
const answerLimit = 4 * 1024 * 1024;
const compress = promisify(gzip);
/** They are the protocol's, not the caller's. */
const reserved =
  /^:|^(?:content-type|te|grpc-timeout|grpc-encoding|user-agent|connection|host|transfer-encoding)$/i;

export interface CallOptions {
  headers: Readonly<Record<string, string>>;
  gzip: boolean;
  /** Infinity: no limit. */
  timeoutMs: number;
}

/** Unary gRPC over one HTTP/2 session (gRPC over HTTP/2, "Requests" and "Responses"). The session opens at the first call. */
export class GrpcClient {
  private readonly tls: GrpcTls;
  private session: { authority: string; http2: ClientHttp2Session } | undefined;

  constructor(tls: GrpcTls = {}) {
    this.tls = tls;
  }

  /** Returns the answer's message. Throws GrpcError; a connection that fails is UNAVAILABLE. */
  async call(
    authority: string,
    path: string,
    message: Uint8Array,
    options: CallOptions,
  ): Promise<Uint8Array> {
    const body = options.gzip ? await compress(message) : message;
    const frame = new Uint8Array(5 + body.length);
    frame[0] = options.gzip ? 1 : 0;
    new DataView(frame.buffer).setUint32(1, body.length);
    frame.set(body, 5);
    const { http2, stream } = this.open(authority, path, options);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (!Number.isFinite(options.timeoutMs)) return;
      timer = setTimeout(() => {
        reject(
          new GrpcError(
            deadlineExceeded,
            `no answer from ${authority} within ${Math.round(options.timeoutMs)} ms`,
          ),
        );
        stream.close(constants.NGHTTP2_CANCEL);
        // A connection that says nothing may be dead: the next call opens another.
        http2.destroy();
      }, options.timeoutMs);
    });
    stream.end(frame);
    try {
      return await Promise.race([collect(stream, authority), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const session = this.session?.http2;
    this.session = undefined;
    if (session === undefined || session.destroyed) return;
    await new Promise<void>((resolve) => {
      setTimeout(() => session.destroy(), 500).unref();
      session.once("close", resolve);
      session.close();
    });
  }

  private open(authority: string, path: string, { headers, gzip: zipped, timeoutMs }: CallOptions) {
    const given = Object.entries(headers).filter(([name]) => !reserved.test(name));
    try {
      const http2 = this.connected(authority);
      const stream = http2.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        // The header holds eight digits at most: hours where milliseconds are too many.
        ...(Number.isFinite(timeoutMs) && timeoutMs < 1e8
          ? { "grpc-timeout": `${Math.ceil(timeoutMs)}m` }
          : {}),
        "user-agent": "OTel-OTLP-Exporter-JavaScript/0.1.0 throughline-tracing",
        ...(zipped ? { "grpc-encoding": "gzip" } : {}),
        ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
      });
      return { http2, stream };
    } catch (error) {
      // A header that HTTP/2 refuses, or a session that ended just now.
      throw new GrpcError(unavailable, `${authority}: ${explainConnection(error)}`);
    }
  }

  private connected(authority: string): ClientHttp2Session {
    const known = this.session;
    if (known?.authority === authority && !known.http2.closed && !known.http2.destroyed) return known.http2;
    known?.http2.destroy();
    const http2 = connect(authority, { ...this.tls });
    // Each call hears of the failure through its own stream; without a listener it would end the process.
    http2.on("error", () => http2.destroy());
    http2.on("goaway", () => http2.close());
    http2.unref();
    this.session = { authority, http2 };
    return http2;
  }
}

function collect(stream: ClientHttp2Stream, authority: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("response", (headers) => (head = headers));
    stream.on("trailers", (headers) => (trailers = headers));
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > answerLimit) {
        reject(new GrpcError(internal, `${authority}: the answer is over ${answerLimit} bytes`));
        stream.close(constants.NGHTTP2_CANCEL);
      } else chunks.push(chunk);
    });
    stream.on("error", (error) =>
      reject(new GrpcError(unavailable, `${authority}: ${explainConnection(error)}`)),
    );
    stream.on("close", () => {
      // A status without a message comes with the headers ("trailers-only").
      const end = trailers["grpc-status"] === undefined ? head : trailers;
      const status = end["grpc-status"];
      if (status === undefined) reject(withoutStatus(authority, head));
      else if (status === "0") resolve(messageOf(Buffer.concat(chunks)));
      else reject(withStatus(authority, Number(status), end));
    });
  });
}

/** gRPC over HTTP/2: an HTTP error without a gRPC status stands for one. */
function withoutStatus(authority: string, head: IncomingHttpHeaders): GrpcError {
  const http = Number(head[":status"] ?? 0);
  const statuses: Record<number, number> = { 400: internal, 401: 16, 403: 7, 404: 12 };
  const status =
    http >= 400 ? (statuses[http] ?? (http >= 500 || http === 429 ? unavailable : 2)) : unavailable;
  return new GrpcError(status, `${authority} did not answer as gRPC (HTTP ${http === 0 ? "none" : http})`);
}

function withStatus(authority: string, status: number, end: IncomingHttpHeaders): GrpcError {
  const details = end["grpc-status-details-bin"];
  const bytes = typeof details === "string" ? Buffer.from(details, "base64") : undefined;
  const text = readable(percentDecoded(String(end["grpc-message"] ?? "")));
  return new GrpcError(
    Number.isInteger(status) ? status : 2,
    `${authority}: gRPC status ${status} ${text}`.trim(),
    bytes,
  );
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without the prefix of one length-prefixed message; compressed answers were not asked for. */
function messageOf(body: Buffer): Uint8Array {
  return body.length < 5 ? new Uint8Array() : body.subarray(5);
}
