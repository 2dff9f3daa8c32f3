import { leaveNoCopy } from "../database/leave-no-copy.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { JobQueue } from "../queue/queue.ts";
import type { TenantDataKind } from "./tenant-tables.ts";
import type { Tenants } from "./tenants.ts";

/** How many of each kind were deleted. Drafts and failed attempts are among the enhancements. */
export type RemovalReport = Readonly<Record<TenantDataKind | "jobs" | "deliveries", number>>;

/**
 * Removes a tenant with everything that is kept of it; the audit log stays. The queue is emptied before, so that whoever runs this
 * again after a crash finds the tenant, and after, for what came in between. Throws TL_TENANT_UNKNOWN.
 */
export async function removeTenant(
  {
    tenants,
    queue,
    database,
  }: { tenants: Tenants; queue: Pick<JobQueue, "eraseTenant">; database: EnhancerDatabase },
  id: string,
  by?: string,
): Promise<RemovalReport> {
  await tenants.info(id);
  const before = await queue.eraseTenant(id);
  const rows = await tenants.remove(id, { by });
  const after = await queue.eraseTenant(id);
  await leaveNoCopy(database);
  return { ...rows, jobs: before.jobs + after.jobs, deliveries: before.deliveries + after.deliveries };
}
