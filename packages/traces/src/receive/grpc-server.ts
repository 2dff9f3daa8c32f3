/**
 * gRPC on `node:http2` (gRPC over HTTP/2, github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): one message in, one
 * message out, or, of the methods of `streams`, any number. Clients that stream and reflection are not spoken. At its
 * deadline, or when a client resets its stream, a call ends; work already begun goes on unheard.
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
import { encodings, frameHeaderBytes, receiveMessage, unimplemented } from "./grpc-message.ts";
import { listenOn } from "../listen.ts";
import { encodeStatus, grpcCode, refusal, type Refusal } from "../rpc-status.ts";

/** Bytes that a client may send before it is answered, for one call and for all calls of a connection. */
const streamWindowBytes = 4 * 1024 * 1024;
const sessionWindowBytes = 16 * 1024 * 1024;
/** As long as a request over HTTP may take. */
const messageWithinMs = 60_000;
const unitsMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** The message comes in pieces. A RefusedError or ThroughlineError becomes the call's status. */
export type UnaryMethod = (
  message: readonly Uint8Array[],
  sender: Principal,
) => Promise<Uint8Array> | Uint8Array;

/** Answers until it returns; `signal`: when the client has gone, or the server stops. */
export type StreamMethod = (
  message: readonly Uint8Array[],
  send: (message: Uint8Array) => void,
  signal: AbortSignal,
) => Promise<void>;

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. */
  methods: ReadonlyMap<string, UnaryMethod>;
  streams: ReadonlyMap<string, StreamMethod>;
  /** Asked before a method's message is received. Throws what becomes the call's status. */
  admit: (path: string, headers: IncomingHttpHeaders, peer: Peer) => Promise<Principal>;
  /** Room for a call's message. Throws what becomes the call's status. */
  open: (sender: Principal) => BudgetShare;
  tls?: Tls | undefined;
  /** So long a message may take to come in; 60 s unless given. */
  messageWithinMs?: number;
  logger: Logger;
}

export class GrpcServer {
  private readonly options: GrpcServerOptions;
  private readonly server: Http2Server | Http2SecureServer;
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly stopping = new AbortController();

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
    this.stopping.abort();
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
      const path = headers[":path"] ?? "";
      const method = this.options.methods.get(path);
      const streaming = this.options.streams.get(path);
      if (method === undefined && streaming === undefined)
        throw unimplemented(`unknown method ${headers[":path"] ?? ""}`);
      const sender = await this.options.admit(path, headers, stream.session?.socket);
      if (stream.destroyed) return;
      const share = this.options.open(sender);
      stream.on("close", () => share.release());
      const withinMs = this.options.messageWithinMs ?? messageWithinMs;
      const message = await receiveMessage(stream, headers, share, withinMs);
      if (message === undefined) return;
      if (method !== undefined) answerMessage(stream, await method(message, sender));
      else if (streaming !== undefined) await this.answerStream(stream, streaming, message);
    } catch (error) {
      const refused = refusal(error);
      if (refused.code === grpcCode.internal) logger.error({ err: error }, "gRPC call failed");
      answerStatus(stream, refused);
    }
  }

  private async answerStream(
    stream: ServerHttp2Stream,
    method: StreamMethod,
    message: readonly Uint8Array[],
  ): Promise<void> {
    const gone = new AbortController();
    stream.on("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.stopping.signal]);
    const send = (answer: Uint8Array): void => {
      if (stream.destroyed || stream.closed) return;
      begin(stream);
      stream.write(framed(answer));
    };
    await method(message, send, signal);
    if (stream.destroyed || stream.closed) return;
    begin(stream);
    stream.end();
  }
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
  begin(stream);
  stream.end(framed(message));
}

/** Headers of an answer that ends well, unless they were sent. */
function begin(stream: ServerHttp2Stream): void {
  if (stream.headersSent) return;
  stream.respond(responseHeaders(), { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(grpcCode.ok) }));
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, frameHeaderBytes);
  return frame;
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
