import { ThroughlineError } from "@throughline/api";
import { createHmac } from "node:crypto";
import type { Door } from "./door.ts";
import type { Incoming } from "./incoming.ts";
import { hexDigest, hmac, isDigest } from "./schemes/scheme.ts";

/**
 * `X-Throughline-Verify: sha256=<hex HMAC-SHA256 of "throughline-verify\n" and the raw body>` under the tenant's webhook secret asks for a
 * trace that is sampled whatever the sampler says, and slow after one second. Only who holds the secret can ask: a desk's signature of
 * the same body does not prove it, and a proxy cannot add it.
 */
export const verificationHeader = "x-throughline-verify";
/** After how long a verification's trace is slow. */
export const verificationSlowMs = 1_000;
const prefix = "throughline-verify\n";

/** The header's value for a body. */
export function signVerification(secret: string, rawBody: Uint8Array | string): string {
  return `sha256=${createHmac("sha256", secret).update(prefix).update(rawBody).digest("hex")}`;
}

/** Throws TL_SIGNATURE_INVALID where the header is there and proves nothing. */
export function asksVerification(incoming: Incoming, door: Door): boolean {
  const value = incoming.header(verificationHeader);
  if (value === undefined) return false;
  const claimed = hexDigest(value, "sha256");
  const keys = door.keys(incoming.receivedAtMs);
  if (
    claimed !== undefined &&
    keys.some((key) => isDigest(hmac("sha256", key, prefix, incoming.body), claimed))
  )
    return true;
  throw new ThroughlineError("TL_SIGNATURE_INVALID", "X-Throughline-Verify does not match the body.");
}
