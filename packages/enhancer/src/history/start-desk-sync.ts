import type { Logger } from "pino";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { ServiceDesk } from "../desk/desk.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { claimDeskSync, endDeskSync, syncDesk } from "./desk-sync.ts";

/** How often it is looked whether a tenant's desk is due. */
const lookEveryMs = 30_000;
const firstAfterMs = 3_000;
/** One desk at a time, and none for longer than this. */
const limitMs = 15 * 60_000;
const retryAfterMs = 5 * 60_000;

export interface DeskSyncDependencies {
  database: EnhancerDatabase;
  listTenants: () => Promise<readonly { id: string }[]>;
  findTenant: (id: string) => Promise<Tenant>;
  openDesk: (tenant: Tenant) => ServiceDesk;
  logger: Logger;
  everyMs: number;
}

/** Reads the desks of all tenants again and again, each once in `everyMs` by one of all processes. Returns how to stop. */
export function startDeskSync(deps: DeskSyncDependencies): () => Promise<void> {
  const stopping = new AbortController();
  let current: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      for (const { id } of await deps.listTenants()) {
        if (stopping.signal.aborted) return;
        await syncTenant(id, deps, stopping.signal);
      }
    } catch (error) {
      deps.logger.warn({ err: error }, "the tenants' desks could not be read for solutions and assets");
    }
  };
  const next = (afterMs: number): void => {
    timer = setTimeout(() => {
      current = look().finally(() => {
        if (!stopping.signal.aborted) next(lookEveryMs);
      });
    }, afterMs).unref();
  };
  next(firstAfterMs);
  return async () => {
    stopping.abort(new Error("stopped"));
    clearTimeout(timer);
    await current;
  };
}

async function syncTenant(
  tenantId: string,
  deps: DeskSyncDependencies,
  stopping: AbortSignal,
): Promise<void> {
  const { database, logger, everyMs } = deps;
  const { library } = deps.openDesk(await deps.findTenant(tenantId));
  if (library === undefined || !(await claimDeskSync(database, tenantId, everyMs))) return;
  const retryMs = Math.max(0, everyMs - retryAfterMs);
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(limitMs)]);
    const report = await syncDesk(database, tenantId, library, signal);
    await endDeskSync(database, tenantId, null, retryMs);
    logger.debug({ tenant_id: tenantId, ...report }, "solutions and assets of the desk are read");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await endDeskSync(database, tenantId, reason, retryMs);
    if (!stopping.aborted)
      logger.warn(
        { tenant_id: tenantId, reason },
        "solutions and assets of the desk could not be read; tried again in 5 minutes",
      );
  }
}
