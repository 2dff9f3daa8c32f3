import { hmac, invalid, isDigest, type Scheme, textKey } from "./scheme.ts";

/**
 * For desks that cannot sign, such as ServiceDesk Plus's webhook action: the secret itself in a header that the tenant names
 * (`X-Webhook-Secret` by default), or as `Authorization: Bearer`. It proves less than a signature: whoever sees one request can make
 * others, so use it over TLS and with an address list. Both sides go through HMAC, so that neither content nor length shows in time.
 */
export const staticSecret: Scheme = {
  toleranceSeconds: 300,
  keysOf: textKey,
  deliveryHeaders: ["webhook-id", "idempotency-key"],
  verify(request, keys, { secretHeader }) {
    const sent = request.header(secretHeader) ?? bearer(request.header("authorization"));
    if (sent === undefined) return invalid("The header that carries the secret is missing.");
    const isGood = keys.some((key) =>
      isDigest(hmac("sha256", key, key.export()), hmac("sha256", key, Buffer.from(sent, "latin1"))),
    );
    return isGood ? undefined : invalid("The secret in the header is a wrong one.");
  },
};

function bearer(value: string | undefined): string | undefined {
  return value === undefined ? undefined : /^Bearer +(.+)$/i.exec(value)?.[1];
}
