import { hexDigest, hmac, invalid, isDigest, type Scheme, textKey } from "./scheme.ts";

/**
 * Zammad, https://admin-docs.zammad.org/en/latest/manage/webhook/add.html: `X-Hub-Signature: sha1=<hex HMAC-SHA1 of the body>` under the
 * "HMAC SHA1 Signature Token". `X-Zammad-Delivery` is the id of the job that delivers, the same over its five attempts. HMAC is not
 * touched by what is known of SHA-1's collisions.
 */
export const zammad: Scheme = {
  toleranceSeconds: 300,
  keysOf: textKey,
  deliveryHeaders: ["x-zammad-delivery"],
  verify(request, keys) {
    const value = request.header("x-hub-signature");
    const claimed = value === undefined ? undefined : hexDigest(value, "sha1");
    const isGood =
      claimed !== undefined && keys.some((key) => isDigest(hmac("sha1", key, request.body), claimed));
    return isGood ? undefined : invalid("X-Hub-Signature is missing or does not match the body.");
  },
};
