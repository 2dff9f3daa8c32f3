import { hexDigest, hmac, invalid, isDigest, type Scheme, textKey } from "./scheme.ts";

const headers = ["x-servicedesk-signature", "x-signature"] as const;

/**
 * Our own contract: `X-ServiceDesk-Signature: sha256=<hex HMAC-SHA256 of the raw body>`, or the same in `X-Signature`; `sha256=` may be
 * left out. No time is signed, so a repeated delivery is told by its id or content alone.
 */
export const servicedeskHmac: Scheme = {
  toleranceSeconds: 300,
  keysOf: textKey,
  deliveryHeaders: ["webhook-id", "idempotency-key"],
  verify(request, keys) {
    for (const name of headers) {
      const value = request.header(name);
      const claimed = value === undefined ? undefined : hexDigest(value, "sha256");
      if (claimed === undefined) continue;
      if (keys.some((key) => isDigest(hmac("sha256", key, request.body), claimed))) return undefined;
    }
    return invalid("X-ServiceDesk-Signature is missing or does not match the body.");
  },
};
