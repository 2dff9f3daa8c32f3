import type { AdminRoute } from "@throughline/api/admin";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { JobAdmin, JobQueue } from "../queue/queue.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { auditRoutes } from "./audit.ts";
import { type EnhancementRouteDependencies, enhancementRoutes } from "./enhancements.ts";
import { jobRoutes } from "./jobs.ts";
import { Operations } from "./operations.ts";
import { tenantRoutes } from "./tenants.ts";
import { ticketRoutes } from "./tickets.ts";

/** Every operation of the enhancer under `/admin/api`; the server that mounts them checks tokens and scopes. */
export function adminRoutes(
  queue: JobAdmin & Pick<JobQueue, "eraseTenant">,
  tenants: Tenants,
  database: EnhancerDatabase,
  enhancements: EnhancementRouteDependencies,
): readonly AdminRoute[] {
  const { noteSwitch, records } = enhancements;
  const operations = new Operations({ database, queue, tenants, noteSwitch, records });
  return [
    ...tenantRoutes(tenants, queue, database),
    ...auditRoutes(database),
    ...jobRoutes(queue, operations),
    ...ticketRoutes(queue, database, records, operations),
    ...enhancementRoutes(enhancements, operations),
  ];
}
