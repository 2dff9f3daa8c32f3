/** Errors of the webhook port; part of the one error table. */
export const webhookErrors = {
  TL_ADDRESS_REFUSED: {
    status: 403,
    title: "The webhook came from an address that the tenant does not allow",
    remedy:
      "Add the address with `throughline tenant set ID --allow-addresses LIST`; behind a proxy name that with --trusted-proxies.",
  },
  TL_BODY_TOO_DEEP: {
    status: 400,
    title: "The request body is nested too deeply",
    remedy: "Send a flatter body: 64 levels are taken.",
  },
  TL_HEADERS_TOO_LARGE: {
    status: 431,
    title: "The request has too many or too large headers",
    remedy: "Send at most 100 headers of 16 KiB together.",
  },
  TL_HISTORY_UNAVAILABLE: {
    status: 503,
    title: "The resolved tickets could not be stored, none of them was",
    remedy: "Send the same again later; check the disk of the data directory, or PostgreSQL.",
  },
  TL_MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: "The body's media type, charset or coding is not taken",
    remedy: "Send `application/json` in UTF-8, or what the tenant's preset names (docs/webhooks.md).",
  },
  TL_METHOD_NOT_ALLOWED: {
    status: 405,
    title: "The path does not take this method",
    remedy: "Use a method that the Allow field names.",
  },
  TL_RECEIVER_OVERLOADED: {
    status: 503,
    title: "More webhooks come than are answered in time, nothing was accepted",
    remedy: "Send the webhook again after the time that Retry-After names.",
  },
  TL_REQUEST_MALFORMED: {
    status: 400,
    title: "What came is no HTTP request",
    remedy: "Check what sends to this port, and with which protocol.",
  },
  TL_REQUEST_TIMEOUT: {
    status: 408,
    title: "The request did not come whole in time",
    remedy:
      "Send the whole request at once; --webhook-header-timeout and --webhook-body-timeout set the bounds.",
  },
  TL_SIGNATURE_INVALID: {
    status: 401,
    title: "The webhook's signature is missing or does not match",
    remedy:
      "Sign the raw body with the tenant's secret: `X-ServiceDesk-Signature: sha256=<hex HMAC-SHA256>`, or as the tenant's scheme asks (docs/webhooks.md).",
  },
  TL_SIGNATURE_STALE: {
    status: 401,
    title: "The webhook's signature is good, but of another time",
    remedy: "Check both clocks; `throughline tenant set ID --tolerance TIME` allows for more.",
  },
  TL_TENANT_MISSING: {
    status: 400,
    title: "The webhook names no tenant",
    remedy:
      "Put `tenant_id` into the body, send the header `X-Tenant-ID`, or add `?tenant=ID` to the address.",
  },
  TL_TICKET_INVALID: {
    status: 422,
    title: "The ticket does not fit the schema",
    remedy: "Correct the fields that `errors` names.",
  },
  TL_TOO_MANY_CONNECTIONS: {
    status: null,
    title: "One address holds as many connections as it may",
    remedy:
      "Keep fewer open, name a proxy with --trusted-proxies, or raise --webhook-connections-per-address.",
  },
} as const;
