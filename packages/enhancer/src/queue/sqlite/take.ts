import { mostTakeovers, UnreadablePayload } from "../payload.ts";
import type { LeasedJob } from "../queue.ts";
import type { QueueConnection } from "./connection.ts";
import { wakeLane } from "./intake.ts";
import { type JobRow, leasedJob } from "./job-row.ts";

/** A worker that is alive renews its lease three times before it ends. */
export const leaseMs = 30_000;
const mostPromoted = 500;
const mostTakenOver = 100;

// The indexes are named: each holds few rows, where the planner may think of one that holds all.
const busyLanes = `
  select tenant_id from queue_lanes indexed by queue_lanes_in_turn where busy = 1 and paused = 0 and held_until <= ? order by turn, tenant_id`;
const activeOfTenant =
  "select count(*) as count from jobs indexed by jobs_active where state = 'active' and tenant_id = ?";
/** Two jobs of one ticket never run side by side: the later sees what the earlier wrote. */
const firstOfLane = `
  select * from jobs as job indexed by jobs_ready where tenant_id = ? and state = 'waiting' and delayed = 0
    and not exists (select 1 from jobs indexed by jobs_active where state = 'active' and tenant_id = job.tenant_id and ticket_id = job.ticket_id)
  order by rank limit 1`;
const lease = `
  update jobs set state = 'active', lease_owner = ?, leased_until = ?, takes = takes + 1, delayed = 0 where id = ?`;
const toTheEnd =
  "update queue_lanes set turn = (select max(turn) from queue_lanes where busy = 1) + 1 where tenant_id = ?";

/**
 * Takes up to `count` jobs: one of each tenant in turn, again and again. Inside the transaction; `limitOf` says how many jobs of a
 * tenant may be under way. Where that is to be asked first (undefined), nothing is taken of anybody, and such tenants are named.
 */
export function takeJobs(
  connection: QueueConnection,
  owner: string,
  count: number,
  limitOf: (tenantId: string) => number | undefined,
): { taken: LeasedJob[]; unknown: string[] } {
  const now = connection.now();
  takeOverExpired(connection, now);
  promoteDue(connection, now);
  const taken: LeasedJob[] = [];
  if (isPaused(connection)) return { taken, unknown: [] };
  let lanes = connection.all<{ tenant_id: string }>(busyLanes, now).map(({ tenant_id: id }) => id);
  const unknown = lanes.filter((tenantId) => limitOf(tenantId) === undefined);
  if (unknown.length > 0) return { taken, unknown };
  const areSeveral = lanes.length > 1;
  while (taken.length < count && lanes.length > 0) {
    const yielding: string[] = [];
    for (const tenantId of lanes) {
      if (taken.length === count) break;
      const active = connection.get<{ count: number }>(activeOfTenant, tenantId)?.count ?? 0;
      if (active >= (limitOf(tenantId) ?? 0)) continue;
      const job = takeFirst(connection, owner, tenantId, now);
      if (job === undefined) continue;
      // A lane that is alone needs no turn.
      if (areSeveral) connection.run(toTheEnd, tenantId);
      taken.push(job);
      yielding.push(tenantId);
    }
    lanes = yielding;
  }
  return { taken, unknown: [] };
}

function takeFirst(
  connection: QueueConnection,
  owner: string,
  tenantId: string,
  now: number,
): LeasedJob | undefined {
  for (;;) {
    const row = connection.get<JobRow>(firstOfLane, tenantId);
    if (row === undefined) {
      connection.run("update queue_lanes set busy = 0 where tenant_id = ?", tenantId);
      return undefined;
    }
    try {
      const job = leasedJob(row, now);
      connection.run(lease, owner, now + leaseMs, row.id);
      return job;
    } catch (error) {
      if (!(error instanceof UnreadablePayload)) throw error;
      buryRow(connection, row.id, error.message, now);
    }
  }
}

/** Also for a lease whose worker is known to be gone. No attempt is used, but not without end. */
export function takeOver(connection: QueueConnection, rows: readonly TakenOver[], now: number): void {
  for (const { id, tenant_id: tenantId, takeovers } of rows) {
    if (takeovers >= mostTakeovers) {
      const reason = `Its worker ended without a word ${mostTakeovers + 1} times while it had the job.`;
      buryRow(connection, id, reason, now);
    } else {
      connection.run(
        "update jobs set state = 'waiting', lease_owner = null, leased_until = null, takeovers = takeovers + 1 where id = ?",
        id,
      );
    }
    wakeLane(connection, tenantId);
  }
}

export interface TakenOver {
  id: string;
  tenant_id: string;
  takeovers: number;
}

function takeOverExpired(connection: QueueConnection, now: number): void {
  const expired = connection.all<TakenOver>(
    `select id, tenant_id, takeovers from jobs indexed by jobs_leased where state = 'active' and leased_until < ? limit ${mostTakenOver}`,
    now,
  );
  takeOver(connection, expired, now);
}

function promoteDue(connection: QueueConnection, now: number): void {
  const due = connection.all<{ id: string; tenant_id: string }>(
    `select id, tenant_id from jobs indexed by jobs_delayed where state = 'waiting' and delayed = 1 and available_at <= ?
     order by available_at limit ${mostPromoted}`,
    now,
  );
  for (const { id, tenant_id: tenantId } of due) {
    connection.run("update jobs set delayed = 0 where id = ?", id);
    wakeLane(connection, tenantId);
  }
}

function isPaused(connection: QueueConnection): boolean {
  return connection.get("select 1 from queue_state where paused = 1") !== undefined;
}

function buryRow(connection: QueueConnection, id: string, reason: string, now: number): void {
  connection.run(
    `update jobs set state = 'dead', status = 'failed', reason = ?, finished_at = ?, lease_owner = null, leased_until = null where id = ?`,
    reason,
    now,
    id,
  );
}
