import type { JobView } from "@throughline/api";
import type { QueueTables } from "../database/schema.ts";
import type { Ticket } from "../ticket.ts";
import type { JobOrigin, LeasedJob, NewJob } from "./queue.ts";

const priorities = ["critical", "high", "medium", "low"] as const satisfies readonly Ticket["priority"][];
/** The first and three more. */
export const attemptsPerTry = 4;

type JobRow = {
  [K in keyof QueueTables["jobs"]]: K extends "attempts" | "takes" ? number : QueueTables["jobs"][K];
};

/** A job as it is first stored. */
export function newRow({ id, ticket, carrier, origin }: NewJob) {
  const now = Date.now();
  return {
    id,
    tenant_id: ticket.tenantId,
    ticket_id: ticket.ticketId,
    ticket: JSON.stringify(ticket),
    priority: priorities.indexOf(ticket.priority),
    state: "waiting" as const,
    attempts_allowed: attemptsPerTry,
    available_at: now,
    traceparent: carrier.traceparent,
    tracestate: carrier.tracestate,
    enqueued_at: now,
    clock_started_at: Math.round(carrier.traceStartMs),
    slow_after_ms: carrier.slowAfterMs ?? null,
    origin: origin === undefined ? null : JSON.stringify(origin),
  };
}

/** A row that a worker just took. */
export function leasedJob(job: JobRow, now: number): LeasedJob {
  return {
    id: job.id,
    ticket: JSON.parse(job.ticket) as Ticket,
    carrier: {
      traceparent: job.traceparent,
      tracestate: job.tracestate,
      traceStartMs: job.clock_started_at,
      ...(job.slow_after_ms === null ? {} : { slowAfterMs: job.slow_after_ms }),
    },
    enqueuedAtMs: job.enqueued_at,
    origin: job.origin === null ? undefined : (JSON.parse(job.origin) as JobOrigin),
    attempt: job.attempts + 1,
    isLastAttempt: job.attempts + 1 >= job.attempts_allowed,
    takes: job.takes,
    writeStartedAt: job.write_started_at ?? undefined,
    waitedMs: Math.max(0, now - job.available_at),
  };
}

export function viewOf(job: JobRow): JobView {
  const iso = (time: number) => new Date(time).toISOString();
  return {
    id: job.id,
    tenantId: job.tenant_id,
    ticketId: job.ticket_id,
    priority: priorities[job.priority] ?? "low",
    state: job.state,
    attempts: job.attempts,
    status: job.status,
    reason: job.reason,
    noteId: job.note_id,
    traceId: job.traceparent === "" ? null : job.traceparent.slice(3, 35),
    enqueuedAt: iso(job.enqueued_at),
    availableAt: iso(job.available_at),
    finishedAt: job.finished_at === null ? null : iso(job.finished_at),
  };
}
