/** One length-prefixed message of a gRPC call, as it comes in. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { grpcCode, overloaded, RefusedError } from "../rpc-status.ts";
import type { BudgetShare } from "./byte-budget.ts";
import { type ContentCoding, inflateBody, requestLimitBytes, tooLarge } from "./inflate.ts";

export const frameHeaderBytes = 5;
export const encodings = ["identity", "gzip", "deflate", "zstd"] as const satisfies readonly ContentCoding[];

/**
 * Undefined when the client went away before its message was complete. Throws RefusedError, ThroughlineError; also where it is not complete
 * within `withinMs`: who never ends holds nothing for ever.
 */
export async function receiveMessage(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  share: BudgetShare,
  withinMs: number,
): Promise<readonly Uint8Array[] | undefined> {
  const encoding = String(headers["grpc-encoding"] ?? "identity");
  const coding = encodings.find((known) => known === encoding);
  if (coding === undefined)
    throw unimplemented(`grpc-encoding ${encoding} is not supported: send one of ${encodings.join(", ")}`);
  const frame = await collectFrame(stream, share, withinMs);
  if (frame === undefined) return undefined;
  const compressed = frame.flag === 1;
  if (frame.flag > 1) throw internal("the message's compressed flag is neither 0 nor 1");
  if (compressed && coding === "identity") {
    throw internal("the message is compressed, but grpc-encoding does not say how");
  }
  return inflateBody(frame.pieces, compressed ? coding : "identity", share);
}

function collectFrame(
  stream: ServerHttp2Stream,
  share: BudgetShare,
  withinMs: number,
): Promise<{ flag: number; pieces: Buffer[] } | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      stream.removeAllListeners("data");
      reject(error);
    };
    const timer = setTimeout(() => fail(tooSlow(withinMs)), withinMs);
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
      clearTimeout(timer);
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
    stream.on("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

function tooSlow(withinMs: number): RefusedError {
  return new RefusedError({
    code: grpcCode.deadlineExceeded,
    httpStatus: 408,
    message: `the message was not complete within ${withinMs / 1_000} s`,
  });
}

export function unimplemented(message: string): RefusedError {
  return new RefusedError({ code: grpcCode.unimplemented, httpStatus: 501, message });
}

function internal(message: string): RefusedError {
  return new RefusedError({ code: grpcCode.internal, httpStatus: 500, message });
}
