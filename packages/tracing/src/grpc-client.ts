import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** A call that did not end with status 0. Numbers are gRPC's status codes. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: number;
  /** RESOURCE_EXHAUSTED that comes with details (RetryInfo) asks to be tried again. */
  readonly mayRetry: boolean;

  constructor(status: number, message: string, mayRetry = false) {
    super(message);
    this.status = status;
    this.mayRetry = mayRetry;
  }
}

const unavailable = 14;
const deadlineExceeded = 4;
const resourceExhausted = 8;
const answerLimit = 4 * 1024 * 1024;
const compress = promisify(gzip);

export interface CallOptions {
  headers: Readonly<Record<string, string>>;
  gzip: boolean;
  timeoutMs: number;
}

/** Unary gRPC over one HTTP/2 session (gRPC over HTTP/2, "Requests" and "Responses"). The session opens at the first call. */
export class GrpcClient {
  private session: { authority: string; http2: ClientHttp2Session } | undefined;

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
    return new Promise((resolve, reject) => {
      const stream = this.connected(authority).request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        "grpc-timeout": `${Math.ceil(options.timeoutMs)}m`,
        "user-agent": "throughline-tracing",
        ...(options.gzip ? { "grpc-encoding": "gzip" } : {}),
        ...options.headers,
      });
      const timer = setTimeout(() => {
        reject(new GrpcError(deadlineExceeded, `no answer from ${authority} within ${options.timeoutMs} ms`));
        stream.close(constants.NGHTTP2_CANCEL);
      }, options.timeoutMs);
      collect(stream, authority)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
      stream.end(frame);
    });
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

  private connected(authority: string): ClientHttp2Session {
    const known = this.session;
    if (known?.authority === authority && !known.http2.closed && !known.http2.destroyed) return known.http2;
    known?.http2.destroy();
    const http2 = connect(authority);
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
      if (size > answerLimit) stream.close(constants.NGHTTP2_CANCEL);
      else chunks.push(chunk);
    });
    stream.on("error", (error) => reject(new GrpcError(unavailable, `${authority}: ${reason(error)}`)));
    stream.on("close", () => {
      // A status without a message comes with the headers ("trailers-only").
      const end = trailers["grpc-status"] === undefined ? head : trailers;
      const status = end["grpc-status"];
      if (status === undefined) {
        reject(
          new GrpcError(
            unavailable,
            `${authority} did not answer as gRPC (HTTP ${String(head[":status"] ?? "none")})`,
          ),
        );
      } else if (status !== "0") {
        const text = decodeURIComponent(String(end["grpc-message"] ?? ""));
        const mayRetry = Number(status) === resourceExhausted && end["grpc-status-details-bin"] !== undefined;
        reject(
          new GrpcError(
            Number(status),
            `${authority}: gRPC status ${String(status)} ${text}`.trim(),
            mayRetry,
          ),
        );
      } else {
        resolve(Buffer.concat(chunks).subarray(5));
      }
    });
  });
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${code} ${message}`;
}
