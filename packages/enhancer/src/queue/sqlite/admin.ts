import { type JobView, type QueueStatus, ThroughlineError } from "@throughline/api";
import { randomUUID } from "node:crypto";
import { attemptsPerTry } from "../payload.ts";
import { type JobFilter, queueName } from "../queue.ts";
import { jobIdOf } from "../job-id.ts";
import type { QueueConnection } from "./connection.ts";
import { wakeLane } from "./intake.ts";
import { type JobRow, viewOf } from "./job-row.ts";

export function list(connection: QueueConnection, filter: JobFilter): JobView[] {
  const { state, status: ended, tenantId, ticketId, sinceMs, untilMs, after } = filter;
  const wanted = (
    [
      ["state = ?", state],
      ["status = ?", ended],
      ["tenant_id = ?", tenantId],
      ["ticket_id = ?", ticketId],
      ["enqueued_at >= ?", sinceMs],
      ["enqueued_at < ?", untilMs],
      ["(enqueued_at, id) < (?, ?)", after?.enqueuedAtMs, after?.id],
    ] as const
  ).filter(([, value]) => value !== undefined);
  const where = wanted.length === 0 ? "" : `where ${wanted.map(([condition]) => condition).join(" and ")}`;
  const values = wanted.flatMap(([, ...all]) => all).filter((value) => value !== undefined);
  return connection
    .all<JobRow>(
      `select * from jobs ${where} order by enqueued_at desc, id desc limit ?`,
      ...values,
      filter.limit,
    )
    .map(viewOf);
}

export function show(connection: QueueConnection, id: string): JobView {
  return viewOf(rowOf(connection, id));
}

export function retry(connection: QueueConnection, id: string): JobView {
  const { state, tenant_id: tenantId } = rowOf(connection, id);
  if (state !== "dead") {
    throw new ThroughlineError(
      "TL_JOB_NOT_RETRYABLE",
      `Job "${id}" is ${state}; only a dead job can be retried.`,
    );
  }
  const now = connection.now();
  connection.run(
    `update jobs set state = 'waiting', lease_owner = null, leased_until = null, status = null, finished_at = null, delayed = 0,
       attempts_allowed = attempts + ${attemptsPerTry}, takeovers = 0, available_at = ?, clock_started_at = ? where id = ?`,
    now,
    now,
    id,
  );
  wakeLane(connection, tenantId);
  return show(connection, id);
}

export function discard(connection: QueueConnection, id: string): JobView {
  const job = show(connection, id);
  if (job.state === "active") {
    throw new ThroughlineError(
      "TL_JOB_NOT_DISCARDABLE",
      `Job "${id}" is active; wait until it ends, or pause the queue first.`,
    );
  }
  connection.run("delete from jobs where id = ?", id);
  return job;
}

export function rerun(connection: QueueConnection, id: string, { isForced }: { isForced: boolean }): JobView {
  const row = rowOf(connection, id);
  if (row.state !== "done" && row.state !== "dead") {
    throw new ThroughlineError(
      "TL_JOB_NOT_RETRYABLE",
      `Job "${id}" is ${row.state}; only a job that ended can be run again.`,
    );
  }
  const now = connection.now();
  const again = jobIdOf(row.tenant_id, `rerun ${id} ${randomUUID()}`);
  connection.run(
    `insert into jobs (id, tenant_id, ticket_id, payload_version, ticket, priority, state, attempts_allowed, available_at, rank, delayed,
       traceparent, tracestate, enqueued_at, clock_started_at, slow_after_ms, origin, forced)
     select ?, tenant_id, ticket_id, payload_version, ticket, priority, 'waiting', ${attemptsPerTry}, ?, ?, 0,
       traceparent, tracestate, ?, ?, slow_after_ms, origin, ? from jobs where id = ?`,
    again,
    now,
    now,
    now,
    now,
    isForced ? 1 : 0,
    id,
  );
  wakeLane(connection, row.tenant_id);
  return show(connection, again);
}

/** Time that was spent paused is nobody's slowness: the clocks of what waited start anew. */
export function setPaused(connection: QueueConnection, tenantId: string | undefined, paused: 0 | 1): void {
  if (tenantId === undefined) {
    const wasPaused = connection.get("select 1 from queue_state where paused = 1") !== undefined;
    connection.run(
      "insert into queue_state (name, paused) values (?, ?) on conflict (name) do update set paused = excluded.paused",
      queueName,
      paused,
    );
    if (wasPaused && paused === 0)
      connection.run("update jobs set clock_started_at = ? where state = 'waiting'", connection.now());
    return;
  }
  const lane = connection.get<{ paused: number }>(
    "select paused from queue_lanes where tenant_id = ?",
    tenantId,
  );
  connection.run(
    "insert into queue_lanes (tenant_id, paused) values (?, ?) on conflict (tenant_id) do update set paused = excluded.paused",
    tenantId,
    paused,
  );
  if (lane?.paused === 1 && paused === 0) {
    connection.run(
      "update jobs set clock_started_at = ? where state = 'waiting' and tenant_id = ?",
      connection.now(),
      tenantId,
    );
  }
}

export function status(connection: QueueConnection): QueueStatus {
  const now = connection.now();
  const counts = connection.all<{ state: JobView["state"]; count: number }>(
    "select state, count(*) as count from jobs group by state",
  );
  const count = (wanted: JobView["state"]) => counts.find(({ state }) => state === wanted)?.count ?? 0;
  const oldest = connection.get<{ at: number | null }>(
    "select min(enqueued_at) as at from jobs where state = 'waiting'",
  );
  const lanes = connection.all<{ tenant_id: string; paused: number; held_until: number }>(
    "select tenant_id, paused, held_until from queue_lanes where paused = 1 or held_until > ? order by tenant_id",
    now,
  );
  return {
    name: queueName,
    paused: connection.get("select 1 from queue_state where paused = 1") !== undefined,
    waiting: count("waiting"),
    active: count("active"),
    done: count("done"),
    dead: count("dead"),
    oldestWaitingMs: (oldest?.at ?? null) === null ? null : now - Number(oldest?.at),
    pausedTenants: lanes.filter(({ paused }) => paused === 1).map(({ tenant_id: id }) => id),
    heldTenants: lanes
      .filter(({ held_until: until }) => until > now)
      .map(({ tenant_id: tenantId, held_until: until }) => ({
        tenantId,
        until: new Date(until).toISOString(),
      })),
  };
}

function rowOf(connection: QueueConnection, id: string): JobRow {
  const row = connection.get<JobRow>("select * from jobs where id = ?", id);
  if (row === undefined) throw new ThroughlineError("TL_JOB_NOT_FOUND", `There is no job "${id}".`);
  return row;
}
