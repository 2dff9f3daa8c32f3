import { createHmac } from "node:crypto";

/** `X-ServiceDesk-Signature` of a body under a tenant's secret; what a desk sends. */
export function sign(secret: string, rawBody: Uint8Array | string): string {
  return `sha256=${createHmac("sha256", secret).update(rawBody).digest("hex")}`;
}
