/**
 * Unary gRPC on `node:http2` (gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): one message
 * in, one message out. Streaming and reflection are not spoken. At its deadline, or when a client resets its stream, a
 * call ends; work already begun goes on unheard.
 */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Logger } from "pino";
import type { Peer, Principal } from "../access.ts";
import type { Tls } from "../tls.ts";
import type { BudgetShare } from "./byte-budget.ts";
import { type ContentCoding, inflateBody, requestLimitBytes, tooLarge } from "./inflate.ts";
import { listenOn } from "../listen.ts";
import { encodeStatus, grpcCode, overloaded, refusal, type Refusal, RefusedError } from "../rpc-status.ts";

/** Bytes that a client may send before it is answered, for one call and for all calls of a connection. */
const streamWindowBytes = 4 * 1024 * 1024;
const sessionWindowBytes = 16 * 1024 * 1024;
const frameHeaderBytes = 5;
const encodings = ["identity", "gzip", "deflate", "zstd"] as const satisfies readonly ContentCoding[];
const unitsMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** The message comes in pieces. A RefusedError or ThroughlineError becomes the call's status. */
export type UnaryMethod = (
  message: readonly Uint8Array[],
  sender: Principal,
) => Promise<Uint8Array> | Uint8Array;

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. */
  methods: ReadonlyMap<string, UnaryMethod>;
  /** Asked before a method's message is received. Throws what becomes the call's status. */
  admit: (path: string, headers: IncomingHttpHeaders, peer: Peer) => Promise<Principal>;
  /** Room for a call's message. Throws what becomes the call's status. */
  open: (sender: Principal) => BudgetShare;
  tls?: Tls | undefined;
  logger: Logger;
}

export class GrpcServer {
  private readonly options: GrpcServerOptions;
  private readonly server: Http2Server | Http2SecureServer;
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor(options: GrpcServerOptions) {
    this.options = options;
    const settings = {
      settings: { initialWindowSize: streamWindowBytes, maxConcurrentStreams: 1024 },
      // Megabytes; what is held for calls is bounded by the budget.
      maxSessionMemory: 256,
    };
    if (options.tls === undefined) this.server = createServer(settings);
    else {
      const server = createSecureServer({ ...settings, ...options.tls.options() });
      options.tls.keep(server);
      this.server = server;
    }
    this.server.on("session", (session) => this.open(session));
    this.server.on("sessionError", (error) => options.logger.debug({ err: error }, "gRPC connection failed"));
    this.server.on("stream", (stream, headers) => void this.call(stream, headers));
  }

  /** Returns `host:port` as bound. Rejects with the system's error, e.g. EADDRINUSE. */
  listen(host: string, port: number): Promise<string> {
    return listenOn(this.server, host, port, (err) =>
      this.options.logger.error({ err }, "the OTLP gRPC port cannot accept a connection"),
    );
  }

  /** GOAWAY to every client; calls under way are answered, those that last beyond `graceMs` are cut. */
  async stop(graceMs: number): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.sessions) session.close();
    const timer = setTimeout(() => {
      for (const session of this.sessions) session.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  private open(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.setLocalWindowSize(sessionWindowBytes);
    session.on("close", () => this.sessions.delete(session));
    // A client's protocol error ends its connection; `sessionError` has told the log.
    session.on("error", () => session.destroy());
  }

  private async call(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const { logger } = this.options;
    stream.on("error", (err) => logger.debug({ err }, "gRPC call broken off"));
    if (!isGrpc(headers)) return answerHttp(stream, headers);
    const leftMs = timeoutOf(headers);
    const timer =
      leftMs === undefined ? undefined : setTimeout(() => answerStatus(stream, deadlineExceeded), leftMs);
    stream.on("close", () => clearTimeout(timer));
    try {
      const method = this.options.methods.get(headers[":path"] ?? "");
      if (method === undefined) throw unimplemented(`unknown method ${headers[":path"] ?? ""}`);
      const sender = await this.options.admit(headers[":path"] ?? "", headers, stream.session?.socket);
      if (stream.destroyed) return;
      const share = this.options.open(sender);
      stream.on("close", () => share.release());
      const message = await receiveMessage(stream, headers, share);
      if (message === undefined) return;
      answerMessage(stream, await method(message, sender));
    } catch (error) {
      const refused = refusal(error);
      if (refused.code === grpcCode.internal) logger.error({ err: error }, "gRPC call failed");
      answerStatus(stream, refused);
    }
  }
}

/** Undefined when the client went away before its message was complete. */
async function receiveMessage(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  share: BudgetShare,
): Promise<readonly Uint8Array[] | undefined> {
  const encoding = String(headers["grpc-encoding"] ?? "identity");
  const coding = encodings.find((known) => known === encoding);
  if (coding === undefined)
    throw unimplemented(`grpc-encoding ${encoding} is not supported: send one of ${encodings.join(", ")}`);
  const frame = await collectFrame(stream, share);
  if (frame === undefined) return undefined;
  const compressed = frame.flag === 1;
  if (frame.flag > 1) throw internal("the message's compressed flag is neither 0 nor 1");
  if (compressed && coding === "identity") {
    throw internal("the message is compressed, but grpc-encoding does not say how");
  }
  return inflateBody(frame.pieces, compressed ? coding : "identity", share);
}

/** The one length-prefixed message of the call. */
function collectFrame(
  stream: ServerHttp2Stream,
  share: BudgetShare,
): Promise<{ flag: number; pieces: Buffer[] } | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      stream.removeAllListeners("data");
      reject(error);
    };
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > requestLimitBytes + frameHeaderBytes) fail(tooLarge());
      else if (!share.grow(chunk.length)) fail(overloaded());
      else if (size - chunk.length < frameHeaderBytes && size >= frameHeaderBytes) {
        const head = chunks.length === 1 ? chunk : Buffer.concat(chunks);
        if (head.readUInt32BE(1) > requestLimitBytes) fail(tooLarge());
      }
    });
    stream.on("end", () => {
      if (stream.aborted) return resolve(undefined);
      const pieces = (chunks[0]?.length ?? 0) < frameHeaderBytes ? [Buffer.concat(chunks)] : chunks;
      const [first] = pieces;
      if (first === undefined || size < frameHeaderBytes)
        reject(internal("the call ended without a message"));
      else if (size !== frameHeaderBytes + first.readUInt32BE(1)) {
        reject(internal("the call's data is not exactly one message of the length it announces"));
      } else {
        resolve({ flag: first[0] ?? 0, pieces: [first.subarray(frameHeaderBytes), ...pieces.slice(1)] });
      }
    });
    stream.on("close", () => resolve(undefined));
  });
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = (headers["content-type"] ?? "").toLowerCase();
  return headers[":method"] === "POST" && /^application\/grpc(\+proto)?\s*(;|$)/.test(type);
}

/** Not gRPC: plain HTTP statuses, as the gRPC specification asks. */
function answerHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const status = headers[":method"] === "POST" ? 415 : 405;
  const text = "This address speaks gRPC: POST with content-type application/grpc.\n";
  if (!stream.destroyed) {
    stream.respond({ ":status": status, "content-type": "text/plain; charset=utf-8" });
    stream.end(text);
  }
  stopReceiving(stream);
}

function answerMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const frame = Buffer.alloc(frameHeaderBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, frameHeaderBytes);
  stream.respond(responseHeaders(), { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(grpcCode.ok) }));
  stream.end(frame);
}

/** "Trailers-only": the status stands in the only headers. */
function answerStatus(stream: ServerHttp2Stream, refused: Refusal): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const details =
    refused.retryAfterSeconds === undefined
      ? {}
      : { "grpc-status-details-bin": Buffer.from(encodeStatus(refused)).toString("base64") };
  stream.respond(
    {
      ...responseHeaders(),
      "grpc-status": String(refused.code),
      "grpc-message": percentEncoded(refused.message),
      ...details,
    },
    { endStream: true },
  );
  stopReceiving(stream);
}

/** Tells a client that is still sending that nobody listens (RFC 9113, 8.1). */
function stopReceiving(stream: ServerHttp2Stream): void {
  stream.resume();
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function responseHeaders(): Record<string, string | number> {
  return {
    ":status": 200,
    "content-type": "application/grpc+proto",
    "grpc-accept-encoding": encodings.join(","),
  };
}

/** `grpc-message`: UTF-8, percent-encoded outside of printable ASCII and for the percent sign itself. */
function percentEncoded(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Milliseconds that the client gives the call (`grpc-timeout`); undefined where it says nothing that can be read. */
function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(headers["grpc-timeout"] ?? "")) ?? [];
  if (digits === undefined) return undefined;
  // Timers do not reach further.
  return Math.min(2 ** 31 - 1, Number(digits) * unitsMs[unit as keyof typeof unitsMs]);
}

const deadlineExceeded: Refusal = {
  code: grpcCode.deadlineExceeded,
  httpStatus: 504,
  message: "the call's deadline has passed; its spans may be stored all the same",
};

function unimplemented(message: string): RefusedError {
  return new RefusedError({ code: grpcCode.unimplemented, httpStatus: 501, message });
}

function internal(message: string): RefusedError {
  return new RefusedError({ code: grpcCode.internal, httpStatus: 500, message });
}
