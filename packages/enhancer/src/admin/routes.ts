import type { AdminRoute } from "@throughline/api/admin";
import type { JobAdmin } from "../queue/queue.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { jobRoutes } from "./jobs.ts";
import { tenantRoutes } from "./tenants.ts";

/** Every operation of the enhancer under `/admin/api`; the server that mounts them checks tokens and scopes. */
export function adminRoutes(queue: JobAdmin, tenants: Tenants): readonly AdminRoute[] {
  return [...tenantRoutes(tenants), ...jobRoutes(queue)];
}
