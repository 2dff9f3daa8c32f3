import { hexDigest, hmac, invalid, isDigest, type Scheme, stale, textKey } from "./scheme.ts";

/**
 * GLPI 11, https://github.com/glpi-project/glpi/blob/11.0/bugfixes/src/Webhook.php: `X-GLPI-signature` is the hex HMAC-SHA256 of body and
 * `X-GLPI-timestamp` (seconds), one after the other. GLPI signs when it queues and sends by cron, again with the same signature after a
 * failure: a tolerance of minutes would refuse good deliveries, so it is a day here.
 */
export const glpi: Scheme = {
  toleranceSeconds: 24 * 60 * 60,
  keysOf: textKey,
  deliveryHeaders: [],
  verify(request, keys, { toleranceSeconds }) {
    const signature = request.header("x-glpi-signature");
    const timestamp = request.header("x-glpi-timestamp");
    const claimed = signature === undefined ? undefined : hexDigest(signature, "sha256");
    if (claimed === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
      return invalid(
        "X-GLPI-signature and X-GLPI-timestamp are needed, and one is missing or of a wrong form.",
      );
    if (!keys.some((key) => isDigest(hmac("sha256", key, request.body, timestamp), claimed)))
      return invalid("X-GLPI-signature does not match body and timestamp.");
    return stale(Number(timestamp) * 1_000, request, toleranceSeconds, "X-GLPI-timestamp");
  },
};
