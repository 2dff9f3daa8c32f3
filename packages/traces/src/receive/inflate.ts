import { ThroughlineError } from "@throughline/api/errors";
import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import type { BudgetShare } from "./byte-budget.ts";
import { overloaded } from "../rpc-status.ts";

/** OTLP's recommended limit of a request, also after inflating. */
export const requestLimitBytes = 64 * 1024 * 1024;

const inflaters = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  rawDeflate: promisify(inflateRaw),
  zstd: promisify(zstdDecompress),
} as const;

export type ContentCoding = "identity" | "gzip" | "x-gzip" | "deflate" | "zstd";
export const contentCodings: readonly ContentCoding[] = ["identity", "gzip", "x-gzip", "deflate", "zstd"];

/**
 * Inflates a body, on the runtime's thread pool.
 * Throws ThroughlineError TL_BODY_TOO_LARGE beyond `requestLimitBytes`, TL_BODY_UNREADABLE where the bytes are not
 * what `coding` says, RetryLaterError where `share` has no room for the result.
 */
export async function inflateBody(
  pieces: readonly Buffer[],
  coding: ContentCoding,
  share: BudgetShare,
): Promise<readonly Uint8Array[]> {
  if (coding === "identity") return pieces;
  const inflated = await run(Buffer.concat(pieces), coding);
  if (!share.grow(inflated.length)) throw overloaded();
  return [inflated];
}

async function run(body: Buffer, coding: Exclude<ContentCoding, "identity">): Promise<Buffer> {
  try {
    return await inflaters[format(body, coding)](body, { maxOutputLength: requestLimitBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(cause);
    throw new ThroughlineError("TL_BODY_UNREADABLE", `The body is not ${coding}.`, { cause });
  }
}

export function tooLarge(cause?: unknown): ThroughlineError {
  return new ThroughlineError(
    "TL_BODY_TOO_LARGE",
    `The request is over ${requestLimitBytes} bytes (as sent or after inflating).`,
    { cause },
  );
}

/** `deflate` should be zlib's format, but some senders leave out its header (RFC 9110, 8.4.1.2). */
function format(body: Buffer, coding: Exclude<ContentCoding, "identity">): keyof typeof inflaters {
  const isZlib = ((body[0] ?? 0) & 0x0f) === 8;
  return coding === "deflate" && !isZlib ? "rawDeflate" : coding;
}
