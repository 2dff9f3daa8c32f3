import { ThroughlineError } from "@throughline/api";
import { type AdminPrincipal, type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import { tenantId, tenantSecrets, tenantSettings } from "../tenants/settings.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { JobQueue } from "../queue/queue.ts";
import { removeTenant } from "../tenants/removal.ts";
import { actorOf } from "./actor.ts";
import { pageQuery } from "./page.ts";
import type { TenantInfo, Tenants } from "../tenants/tenants.ts";

const time = z.iso.datetime();
const unreadable = ["TL_TENANTS_KEY_WRONG", "TL_TENANT_SECRET_DAMAGED", "TL_TENANT_SECRETS_MISSING"] as const;
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
const hints = z.object({
  secrets: z
    .record(z.string(), z.string())
    .meta({ description: "By name: its last four characters, or `set` where it is short." }),
  previousWebhookValidUntil: time.nullable(),
});
const rotation = z.strictObject({
  secret: tenantSecrets.shape.webhook.optional().meta({ description: "In place of one that is made." }),
  graceSeconds: z
    .int()
    .min(0)
    .max(31_536_000)
    .default(86_400)
    .meta({ description: "How long the old one stays good." }),
});

/** `/tenants`. */
export function tenantRoutes(
  tenants: Tenants,
  queue: Pick<JobQueue, "eraseTenant">,
  database: EnhancerDatabase,
): readonly AdminRoute[] {
  return [
    adminRoute({
      method: "GET",
      path: "/tenants",
      operationId: "listTenants",
      tag: "tenants",
      summary: "Tenants, by id, without their secrets",
      scope: "admin",
      reach: "own",
      query: pageQuery,
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
      handle: async ({ body, principal }) => answer(await tenants.add(body, by(principal))),
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
      handle: async ({ params: { tenant }, body, ifMatch, principal }) =>
        answer(await tenants.change(tenant, body, { ifRevision: revisionOf(ifMatch), ...by(principal) })),
    }),
    adminRoute({
      method: "DELETE",
      path: "/tenants/{tenant}",
      operationId: "removeTenant",
      tag: "tenants",
      summary: "Remove a tenant with everything that is kept of it; the answer says how much that was",
      description:
        "Its traces stay: `throughline storage erase --tenant` takes them. A token of a tenant may not do this.",
      scope: "admin",
      reach: "all",
      params,
      response: z.object({ tenant: z.string(), removed: z.record(z.string(), z.int()) }),
      errors: ["TL_TENANT_UNKNOWN"],
      handle: async ({ params: { tenant }, principal }) => {
        const removed = await removeTenant({ tenants, queue, database }, tenant, by(principal).by);
        return { body: { tenant, removed: { ...removed } } };
      },
    }),
    adminRoute({
      method: "GET",
      path: "/tenants/{tenant}/secrets",
      operationId: "getTenantSecrets",
      tag: "tenants",
      summary: "Which secrets a tenant has, and how they end",
      scope: "admin",
      reach: "path",
      params,
      response: hints,
      errors: ["TL_TENANT_UNKNOWN", ...unreadable],
      handle: async ({ params: { tenant } }) => {
        const { secrets, previousWebhookValidUntil: until } = await tenants.hints(tenant);
        return { body: { secrets, previousWebhookValidUntil: timeOrNull(until) } };
      },
    }),
    adminRoute({
      method: "POST",
      path: "/tenants/{tenant}/rotate-secret",
      operationId: "rotateTenantSecret",
      tag: "tenants",
      summary: "Give a tenant's webhooks another secret; it is told this once",
      scope: "admin",
      reach: "path",
      params,
      body: rotation,
      bodyError: "TL_TENANT_INVALID",
      response: z.object({ secret: z.string().nullable(), previousValidUntil: time.nullable() }),
      errors: ["TL_TENANT_UNKNOWN", "TL_TENANT_INVALID", ...unreadable],
      handle: async ({ params: { tenant }, body: { secret, graceSeconds }, principal }) => {
        const graceMs = graceSeconds * 1_000;
        const rotated = await tenants.rotateSecret(tenant, { secret, graceMs, ...by(principal) });
        return {
          body: {
            secret: secret === undefined ? rotated.secret : null,
            previousValidUntil: timeOrNull(rotated.previousValidUntil),
          },
        };
      },
    }),
    adminRoute({
      method: "DELETE",
      path: "/tenants/{tenant}/previous-secret",
      operationId: "endPreviousTenantSecret",
      tag: "tenants",
      summary: "End the secret that a rotation left good for a while",
      scope: "admin",
      reach: "path",
      params,
      response: z.object({ previousValidUntil: z.null() }),
      errors: ["TL_TENANT_UNKNOWN", ...unreadable],
      handle: async ({ params: { tenant }, principal }) => {
        await tenants.endPreviousSecret(tenant, by(principal));
        return { body: { previousValidUntil: null } };
      },
    }),
  ];
}

function by(principal: AdminPrincipal): { by: string } {
  return { by: actorOf(principal) };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
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
