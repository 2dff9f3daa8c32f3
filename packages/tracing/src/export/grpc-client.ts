import { validateHeaderValue } from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { explainConnection, hostOf, isUnsendable } from "./connection-error.ts";
import { deadlineExceeded, GrpcError, internal, readAnswer, unavailable } from "./grpc-answer.ts";
import { longestTimerMs } from "./retry.ts";
import type { ClientTls } from "./transport.ts";
import { userAgent } from "./user-agent.ts";

interface CallOptions {
  /** Metadata; the values of names that end in `-bin` are base64 already. */
  headers: Readonly<Record<string, string>>;
  /** Whether the message is compressed. */
  gzip: boolean;
  /** Infinity: no limit. */
  timeoutMs: number;
}

const compress = promisify(gzip);
const closeWithinMs = 500;
/** They are the protocol's, not the caller's. */
const reserved =
  /^(?::|grpc-)|^(?:content-type|content-length|te|user-agent|host|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings)$/i;

/** Unary gRPC over one HTTP/2 session (gRPC over HTTP/2, "Requests" and "Responses"). The session opens at the first call. */
export class GrpcClient {
  private readonly tls: ClientTls;
  private session: { authority: string; http2: ClientHttp2Session } | undefined;

  constructor(tls: ClientTls = {}) {
    this.tls = tls;
  }

  /** Returns the answer's message. `authority`: http(s)://host:port. Throws GrpcError; a connection that fails is UNAVAILABLE. */
  async call(
    authority: string,
    path: string,
    message: Uint8Array,
    options: CallOptions,
  ): Promise<Uint8Array> {
    const body = options.gzip ? await compress(message) : message;
    const { http2, stream } = this.open(authority, path, options);
    const { timeoutMs } = options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (!Number.isFinite(timeoutMs)) return;
      timer = setTimeout(
        () => {
          const after = `no answer from ${hostOf(authority)} within ${Math.round(timeoutMs)} ms`;
          reject(new GrpcError(deadlineExceeded, after));
          stream.close(constants.NGHTTP2_CANCEL);
          // A connection that says nothing may be dead: the next call opens another.
          http2.destroy();
        },
        Math.min(timeoutMs, longestTimerMs),
      );
    });
    try {
      const answer = readAnswer(stream, hostOf(authority));
      send(stream, body, options.gzip);
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
      // An answer came before all was sent: what was sent may fill the connection's window for good.
      if (!stream.writableFinished) http2.close();
    }
  }

  /** Lets go of the connection; a call under way has half a second to end. */
  async close(): Promise<void> {
    const session = this.session?.http2;
    this.session = undefined;
    if (session === undefined || session.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => session.destroy(), closeWithinMs);
      session.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      session.close();
    });
  }

  private open(authority: string, path: string, options: CallOptions) {
    try {
      const http2 = this.connected(authority);
      return { http2, stream: http2.request(requestHeaders(path, options)) };
    } catch (error) {
      // What cannot be sent as it stands never can; else the session ended just now.
      const status = isUnsendable(error) ? internal : unavailable;
      throw new GrpcError(status, `${hostOf(authority)}: ${explainConnection(error)}`);
    }
  }

  private connected(authority: string): ClientHttp2Session {
    const known = this.session;
    if (known?.authority === authority && !known.http2.closed && !known.http2.destroyed) return known.http2;
    // The receiver moved, or said goodbye: calls under way may still end.
    known?.http2.close();
    const http2 = connect(authority, { ...this.tls, settings: { enablePush: false } });
    // Each call hears of the failure through its own stream; without a listener it would end the process.
    http2.on("error", () => {});
    http2.unref();
    this.session = { authority, http2 };
    return http2;
  }
}

function requestHeaders(path: string, { headers, gzip: zipped, timeoutMs }: CallOptions) {
  const own: OutgoingHttpHeaders = {
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": userAgent,
    "grpc-accept-encoding": "identity,gzip",
  };
  if (zipped) own["grpc-encoding"] = "gzip";
  // The header holds eight digits at most; what takes longer than a day has no need of it.
  if (timeoutMs < 1e8) own["grpc-timeout"] = `${Math.ceil(timeoutMs)}m`;
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.test(name)) continue;
    // HTTP/2 would carry a line break.
    validateHeaderValue(name, value);
    own[name.toLowerCase()] = value;
  }
  return own;
}

/** One length-prefixed message; its bytes are not copied. */
function send(stream: ClientHttp2Stream, body: Uint8Array, isGzip: boolean): void {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(isGzip ? 1 : 0);
  prefix.writeUInt32BE(body.length, 1);
  stream.cork();
  stream.write(prefix);
  stream.end(body);
  stream.uncork();
}
