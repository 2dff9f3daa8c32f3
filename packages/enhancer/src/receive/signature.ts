import { createHmac, timingSafeEqual } from "node:crypto";

const form = /^(?:sha256=)?([0-9a-f]{64})$/i;

/** `X-ServiceDesk-Signature: sha256=<hex>` of the raw body under the tenant's secret, compared in constant time. */
export function isSignedBy(secret: string, rawBody: Uint8Array, header: string | undefined): boolean {
  const hex = form.exec(header?.trim() ?? "")?.[1];
  if (hex === undefined) return false;
  return timingSafeEqual(createHmac("sha256", secret).update(rawBody).digest(), Buffer.from(hex, "hex"));
}

/** The header's value for a body; what a desk sends. */
export function sign(secret: string, rawBody: Uint8Array | string): string {
  return `sha256=${createHmac("sha256", secret).update(rawBody).digest("hex")}`;
}
