/** Errors about tenants and their administration; part of the one error table. */
export const tenantErrors = {
  TL_AUDIT_BROKEN: {
    status: null,
    title: "The audit log is not whole",
    remedy: "Somebody changed the database beside Throughline: compare it with a backup.",
  },
  TL_REVISION_STALE: {
    status: 412,
    title: "It was changed meanwhile",
    remedy: "Read it again, decide again, and send the new entity tag as `If-Match`.",
  },
  TL_TENANT_EXISTS: {
    status: 409,
    title: "The tenant exists already",
    remedy: "Choose another id, or remove the tenant first.",
  },
  TL_TENANT_INVALID: {
    status: 422,
    title: "The tenant's settings are wrong",
    remedy: "Correct the field that the message names.",
  },
  TL_TENANT_SECRET_DAMAGED: {
    status: 503,
    title: "A tenant's secret does not open",
    remedy:
      "Somebody changed the database: restore it, or enter the secrets anew with `throughline tenant rotate-key --discard-unreadable` and `tenant set`.",
  },
  TL_TENANT_SECRETS_MISSING: {
    status: 503,
    title: "A tenant's secrets are gone",
    remedy: "Enter them anew: `throughline tenant set ID --secret - --desk-key @FILE`.",
  },
  TL_TENANT_UNKNOWN: {
    status: 404,
    title: "No such tenant",
    remedy: "Check the id with `throughline tenant list`, or add it with `throughline tenant add`.",
  },
  TL_TENANTS_KEY_WRONG: {
    status: 503,
    title: "Tenants' secrets cannot be opened with the present key",
    remedy:
      "Put the right key back as `tenants.key` in the data directory, or into THROUGHLINE_TENANTS_KEY; where it is lost, `throughline tenant rotate-key --discard-unreadable`, then enter the secrets anew.",
  },
  TL_TOKEN_TENANT: {
    status: 403,
    title: "The token belongs to a tenant and does not reach this",
    remedy:
      "Use a token of that tenant, or one that belongs to none: `throughline token add` without --tenant.",
  },
  TL_TOKEN_THROTTLED: {
    status: 429,
    title: "Too many wrong tokens came from this address",
    remedy: "Wait for the time that Retry-After names, then send a token that is good.",
  },
} as const satisfies Record<string, { status: number | null; title: string; remedy: string }>;
