import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type Listening, listen } from "./listen.ts";

/** Answers a call that was read to its end; `call` counts from 1. */
export type GrpcHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, call: number) => void;

/** `bodies`: what came, prefix and message. */
export type GrpcReceiver = Listening & { bodies: Buffer[]; calls(): number };

/** A server that speaks HTTP/2 and leaves it to `handle` how well it speaks gRPC. */
export async function startGrpc(handle: GrpcHandler): Promise<GrpcReceiver> {
  const http2 = createServer();
  const bodies: Buffer[] = [];
  let calls = 0;
  http2.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    const call = ++calls;
    // Some of the tests break it off.
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      bodies.push(Buffer.concat(chunks));
      handle(stream, headers, call);
    });
  });
  http2.on("session", (session: ServerHttp2Session) => session.on("error", () => {}));
  return { ...(await listen(http2)), bodies, calls: () => calls };
}

export const grpcHeaders = { ":status": 200, "content-type": "application/grpc" };

/** gRPC's length-prefixed message, of up to 255 bytes. */
export function framed(message: Uint8Array, isCompressed = false): Buffer {
  return Buffer.concat([Buffer.from([isCompressed ? 1 : 0, 0, 0, 0, message.length]), message]);
}

export function succeed(stream: ServerHttp2Stream): void {
  endWith(stream, framed(new Uint8Array()), { "grpc-status": "0" });
}

/** A body, then trailers. */
export function endWith(
  stream: ServerHttp2Stream,
  body: Uint8Array,
  trailers: Record<string, string>,
  more: Record<string, string> = {},
): void {
  stream.respond({ ...grpcHeaders, ...more }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** A status without a body. */
export function fail(stream: ServerHttp2Stream, status: number, more: Record<string, string> = {}): void {
  stream.respond({ ...grpcHeaders, "grpc-status": String(status), ...more }, { endStream: true });
}

/** `grpc-status-details-bin` with a RetryInfo of so many tenths of a second. */
export function retryInfo(tenths: number): Record<string, string> {
  const delay = Buffer.from([8, ...varint(Math.floor(tenths / 10)), 16, ...varint((tenths % 10) * 1e8)]);
  const info = Buffer.from([10, delay.length, ...delay]);
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  const any = Buffer.from([10, type.length, ...type, 18, info.length, ...info]);
  const status = Buffer.from([8, 14, 26, any.length, ...any]);
  return { "grpc-status-details-bin": status.toString("base64") };
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
