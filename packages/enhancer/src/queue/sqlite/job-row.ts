import type { JobView } from "@throughline/api";
import { decodeTicket, priorityNames, traceOf } from "../payload.ts";
import type { JobOrigin, LeasedJob } from "../queue.ts";

/** A row of `jobs`. Times are milliseconds since the epoch. */
export interface JobRow {
  id: string;
  tenant_id: string;
  ticket_id: string;
  payload_version: number;
  ticket: string;
  priority: number;
  state: JobView["state"];
  attempts: number;
  attempts_allowed: number;
  takes: number;
  takeovers: number;
  available_at: number;
  rank: number;
  write_started_at: number | null;
  note_id: string | null;
  status: JobView["status"];
  reason: string | null;
  traceparent: string;
  tracestate: string;
  enqueued_at: number;
  clock_started_at: number;
  finished_at: number | null;
  slow_after_ms: number | null;
  origin: string | null;
  forced: number;
}

/** A row that a worker takes. Throws UnreadablePayload. */
export function leasedJob(row: JobRow, now: number): LeasedJob {
  return {
    id: row.id,
    ticket: decodeTicket(row.payload_version, row.ticket),
    carrier: {
      traceparent: row.traceparent,
      tracestate: row.tracestate,
      traceStartMs: row.clock_started_at,
      ...(row.slow_after_ms === null ? {} : { slowAfterMs: row.slow_after_ms }),
    },
    enqueuedAtMs: row.enqueued_at,
    origin: row.origin === null ? undefined : (JSON.parse(row.origin) as JobOrigin),
    attempt: row.attempts + 1,
    isLastAttempt: row.attempts + 1 >= row.attempts_allowed,
    takes: row.takes + 1,
    writeStartedAt: row.write_started_at ?? undefined,
    waitedMs: Math.max(0, now - row.available_at),
    isForced: row.forced === 1,
  };
}

export function viewOf(row: JobRow): JobView {
  const iso = (time: number) => new Date(time).toISOString();
  return {
    id: row.id,
    tenantId: row.tenant_id,
    ticketId: row.ticket_id,
    priority: priorityNames[row.priority] ?? "low",
    state: row.state,
    attempts: row.attempts,
    status: row.status,
    reason: row.reason,
    noteId: row.note_id,
    ...traceOf(row.traceparent),
    enqueuedAt: iso(row.enqueued_at),
    availableAt: iso(row.available_at),
    finishedAt: row.finished_at === null ? null : iso(row.finished_at),
  };
}
