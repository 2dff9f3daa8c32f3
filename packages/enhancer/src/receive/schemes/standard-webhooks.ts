import { createSecretKey } from "node:crypto";
import { base64Digest, hmac, invalid, isDigest, type Scheme, stale, textKey } from "./scheme.ts";

const prefix = "whsec_";
/** More of them only cost time. */
const signaturesAtMost = 32;

/**
 * Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: `webhook-id`,
 * `webhook-timestamp` (seconds), `webhook-signature: v1,<base64 HMAC-SHA256 of "{id}.{timestamp}.{body}">`, several apart by spaces. Only
 * `v1` is symmetric; other versions are passed over. A secret is `whsec_` and base64; without the prefix it is taken as base64, as the
 * reference libraries do, and as plain text.
 */
export const standardWebhooks: Scheme = {
  toleranceSeconds: 300,
  keysOf(secret) {
    if (secret.startsWith(prefix))
      return [createSecretKey(Buffer.from(secret.slice(prefix.length), "base64"))];
    const decoded = base64Digest(secret);
    return decoded === undefined ? textKey(secret) : [createSecretKey(decoded), ...textKey(secret)];
  },
  deliveryHeaders: ["webhook-id"],
  verify(request, keys, { toleranceSeconds }) {
    const id = request.header("webhook-id");
    const timestamp = request.header("webhook-timestamp");
    const signatures = request.header("webhook-signature");
    if (id === undefined || timestamp === undefined || signatures === undefined)
      return invalid("webhook-id, webhook-timestamp and webhook-signature are needed, and one is missing.");
    if (!/^\d{1,12}$/.test(timestamp)) return invalid("webhook-timestamp is no number of seconds.");
    const expected = keys.map((key) => hmac("sha256", key, `${id}.${timestamp}.`, request.body));
    const isGood = signatures
      .split(" ", signaturesAtMost)
      .filter((signature) => signature.startsWith("v1,"))
      .some((signature) => {
        const claimed = base64Digest(signature.slice(3));
        return claimed !== undefined && expected.some((digest) => isDigest(digest, claimed));
      });
    if (!isGood) return invalid("webhook-signature holds no v1 signature that matches.");
    return stale(Number(timestamp) * 1_000, request, toleranceSeconds, "webhook-timestamp");
  },
};
