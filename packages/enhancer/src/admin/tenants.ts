import { ThroughlineError } from "@throughline/api";
import { type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import { tenantId, tenantSecrets, tenantSettings } from "../tenants/settings.ts";
import type { TenantInfo, Tenants } from "../tenants/tenants.ts";

const time = z.iso.datetime();
const tenantView = z
  .object({
    id: z.string(),
    settings: tenantSettings,
    revision: z.int().meta({ description: "Grows with each change; the entity tag." }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Tenant" });
const newTenant = z
  .strictObject({ id: tenantId, settings: tenantSettings, secrets: tenantSecrets })
  .meta({ id: "NewTenant" });
const tenantChange = z
  .strictObject({
    settings: z.record(z.string(), z.unknown()).optional().meta({
      description:
        "What changes of the settings: objects are merged, everything else is replaced; null is a value.",
    }),
    secrets: tenantSecrets.partial().optional(),
  })
  .meta({ id: "TenantChange" });
const params = z.object({ tenant: tenantId });
const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(200).optional().meta({ description: "`nextCursor` of the page before." }),
});

/** `/tenants`. */
export function tenantRoutes(tenants: Tenants): readonly AdminRoute[] {
  return [
    adminRoute({
      method: "GET",
      path: "/tenants",
      operationId: "listTenants",
      tag: "tenants",
      summary: "Tenants, by id, without their secrets",
      scope: "admin",
      reach: "own",
      query: page,
      response: z.object({ tenants: z.array(tenantView), nextCursor: z.string().nullable() }),
      handle: async ({ query: { limit, cursor }, principal }) => {
        const all = await tenants.list({ after: cursor, limit: limit + 1, only: principal.tenant });
        const more = all.length > limit;
        const shown = all.slice(0, limit);
        const nextCursor = more ? (shown.at(-1)?.id ?? null) : null;
        return { body: { tenants: shown.map(viewOf), nextCursor } };
      },
    }),
    adminRoute({
      method: "POST",
      path: "/tenants",
      operationId: "addTenant",
      tag: "tenants",
      summary: "Add a tenant",
      scope: "admin",
      reach: "all",
      status: 201,
      body: newTenant,
      bodyError: "TL_TENANT_INVALID",
      response: tenantView,
      errors: ["TL_TENANT_EXISTS", "TL_TENANT_INVALID"],
      handle: async ({ body }) => answer(await tenants.add(body)),
    }),
    adminRoute({
      method: "GET",
      path: "/tenants/{tenant}",
      operationId: "getTenant",
      tag: "tenants",
      summary: "One tenant, without its secrets",
      scope: "admin",
      reach: "path",
      params,
      response: tenantView,
      errors: ["TL_TENANT_UNKNOWN"],
      handle: async ({ params: { tenant } }) => answer(await tenants.info(tenant)),
    }),
    adminRoute({
      method: "PATCH",
      path: "/tenants/{tenant}",
      operationId: "changeTenant",
      tag: "tenants",
      summary: "Change a tenant",
      description: "With `If-Match`, only where nobody changed it meanwhile.",
      scope: "admin",
      reach: "path",
      params,
      body: tenantChange,
      bodyError: "TL_TENANT_INVALID",
      response: tenantView,
      errors: ["TL_TENANT_UNKNOWN", "TL_TENANT_INVALID", "TL_REVISION_STALE"],
      handle: async ({ params: { tenant }, body, ifMatch }) =>
        answer(await tenants.change(tenant, body, { ifRevision: revisionOf(ifMatch) })),
    }),
  ];
}

function answer(tenant: TenantInfo) {
  return { body: viewOf(tenant), etag: String(tenant.revision) };
}

function viewOf({ id, settings, revision, createdAt, updatedAt }: TenantInfo) {
  return {
    id,
    settings,
    revision,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

/** `*` stands for any. */
function revisionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === "*") return undefined;
  const revision = Number(ifMatch);
  if (!Number.isInteger(revision))
    throw new ThroughlineError("TL_REVISION_STALE", "If-Match names no revision of a tenant.");
  return revision;
}
