import { type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import type { EnhancerDatabase } from "../database/schema.ts";
import { listAudit } from "../tenants/audit.ts";
import { pageQuery } from "./page.ts";

const auditEntry = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    actor: z.string(),
    action: z.string(),
    tenantId: z.string().nullable(),
    changes: z.array(z.object({ field: z.string(), old: z.json().optional(), new: z.json().optional() })),
    hash: z.string().meta({ description: "Covers this entry and the hash of the one before." }),
  })
  .meta({ id: "AuditEntry" });

/** `/audit`. */
export function auditRoutes(database: EnhancerDatabase): readonly AdminRoute[] {
  return [
    adminRoute({
      method: "GET",
      path: "/audit",
      operationId: "listAudit",
      tag: "audit",
      summary: "Who changed what of the tenants, newest first",
      scope: "admin",
      reach: "own",
      query: pageQuery.extend({
        tenant: z.string().max(100).optional(),
        since: z.iso.datetime({ offset: true }).optional(),
      }),
      response: z.object({ entries: z.array(auditEntry), nextCursor: z.string().nullable() }),
      handle: async ({ query: { tenant, since, limit, cursor }, principal }) => {
        if (principal.tenant !== undefined && tenant !== undefined && tenant !== principal.tenant)
          return { body: { entries: [], nextCursor: null } };
        const found = await listAudit(database, {
          tenantId: principal.tenant ?? tenant,
          since: since === undefined ? undefined : Date.parse(since),
          before: cursor === undefined ? undefined : Number(cursor) || 0,
          limit: limit + 1,
        });
        const shown = found.slice(0, limit);
        const nextCursor = found.length > limit ? String(shown.at(-1)?.seq) : null;
        const entries = shown.map(({ at, changes, ...entry }) => ({
          ...entry,
          at: new Date(at).toISOString(),
          changes: changes.map(({ field, ...values }) => ({ field, ...(values as Values) })),
        }));
        return { body: { entries, nextCursor } };
      },
    }),
  ];
}

/** They come from JSON. */
interface Values {
  old?: z.input<ReturnType<typeof z.json>>;
  new?: z.input<ReturnType<typeof z.json>>;
}
