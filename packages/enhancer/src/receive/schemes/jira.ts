import { hexDigest, hmac, invalid, isDigest, type Scheme, textKey } from "./scheme.ts";

/**
 * Jira and Jira Service Management, https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks (WebSub):
 * `X-Hub-Signature: sha256=<hex HMAC of the body>`. `X-Atlassian-Webhook-Identifier` stays the same over retries. No time is signed.
 */
export const jira: Scheme = {
  toleranceSeconds: 300,
  keysOf: textKey,
  deliveryHeaders: ["x-atlassian-webhook-identifier"],
  verify(request, keys) {
    const value = request.header("x-hub-signature");
    const claimed = value === undefined ? undefined : hexDigest(value, "sha256");
    const isGood =
      claimed !== undefined && keys.some((key) => isDigest(hmac("sha256", key, request.body), claimed));
    return isGood ? undefined : invalid("X-Hub-Signature is missing or does not match the body.");
  },
};
