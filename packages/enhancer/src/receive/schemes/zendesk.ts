import { base64Digest, hmac, invalid, isDigest, type Scheme, stale, textKey } from "./scheme.ts";

/**
 * Zendesk, https://developer.zendesk.com/documentation/webhooks/verifying/: `X-Zendesk-Webhook-Signature` is
 * `base64(HMACSHA256(TIMESTAMP + BODY))`, its time stands in `X-Zendesk-Webhook-Signature-Timestamp` as ISO 8601.
 * `X-Zendesk-Webhook-Invocation-Id` names the delivery.
 */
export const zendesk: Scheme = {
  toleranceSeconds: 300,
  keysOf: textKey,
  deliveryHeaders: ["x-zendesk-webhook-invocation-id"],
  verify(request, keys, { toleranceSeconds }) {
    const signature = request.header("x-zendesk-webhook-signature");
    const timestamp = request.header("x-zendesk-webhook-signature-timestamp");
    const claimed = signature === undefined ? undefined : base64Digest(signature.trim());
    if (claimed === undefined || timestamp === undefined)
      return invalid(
        "X-Zendesk-Webhook-Signature and X-Zendesk-Webhook-Signature-Timestamp are needed, and one is missing or no base64.",
      );
    if (!keys.some((key) => isDigest(hmac("sha256", key, timestamp, request.body), claimed)))
      return invalid("X-Zendesk-Webhook-Signature does not match timestamp and body.");
    const signedAtMs = Date.parse(timestamp);
    if (Number.isNaN(signedAtMs))
      return invalid("X-Zendesk-Webhook-Signature-Timestamp is no ISO 8601 time.");
    return stale(signedAtMs, request, toleranceSeconds, "X-Zendesk-Webhook-Signature-Timestamp");
  },
};
