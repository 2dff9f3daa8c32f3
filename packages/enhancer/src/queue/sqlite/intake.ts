import { ThroughlineError } from "@throughline/api";
import { jobIdOf } from "../job-id.ts";
import { attemptsPerTry, encodeTicket, payloadVersion, priorityRank, rankOf } from "../payload.ts";
import type { Enqueued, NewJob } from "../queue.ts";
import type { QueueConnection } from "./connection.ts";

const insertJob = `
  insert into jobs (id, tenant_id, ticket_id, payload_version, ticket, priority, state, attempts_allowed, available_at, rank, delayed,
    traceparent, tracestate, enqueued_at, clock_started_at, slow_after_ms, origin)
  values (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** A retry by hand or a failed attempt is not a burst of edits: such a job keeps its place, its ticket becomes the newer one. */
const replaceTicket = `
  update jobs set payload_version = ?, ticket = ?, priority = min(priority, ?), rank = min(rank, ?) where id = ?`;

/** Stores what came in one turn in one commit. `onVisible` is told before it is durable. */
export async function enqueue(
  connection: QueueConnection,
  job: NewJob,
  onVisible: (enqueued: Enqueued) => void,
): Promise<Enqueued> {
  const id = jobIdOf(job.ticket.tenantId, job.deliveryId);
  const ticket = encodeTicket(job.ticket);
  try {
    return await connection.commit.durable(() => store(connection, id, ticket, job), onVisible);
  } catch (cause) {
    throw new ThroughlineError("TL_QUEUE_UNAVAILABLE", `The job could not be stored: ${String(cause)}`, {
      cause,
    });
  }
}

function store(connection: QueueConnection, id: string, ticket: string, job: NewJob): Enqueued {
  const { tenantId, ticketId, priority } = job.ticket;
  const { carrier } = job;
  const earlier = earlierOf(connection, id);
  if (earlier !== undefined) return earlier;

  const now = connection.now();
  const availableAt = now + (job.delayMs ?? 0);
  const rank = rankOf(priority, availableAt);
  const waiting = connection.get<{ id: string; traceparent: string }>(
    // Left to itself SQLite walks all waiting jobs by their state.
    `select id, traceparent from jobs indexed by jobs_by_ticket
     where ticket_id = ? and tenant_id = ? and state = 'waiting' and forced = 0 limit 1`,
    ticketId,
    tenantId,
  );
  const traceId = (waiting ?? carrier).traceparent.slice(3, 35);
  if (waiting === undefined) {
    connection.run(
      insertJob,
      id,
      tenantId,
      ticketId,
      payloadVersion,
      ticket,
      priorityRank(priority),
      attemptsPerTry,
      availableAt,
      rank,
      availableAt > now ? 1 : 0,
      carrier.traceparent,
      carrier.tracestate,
      now,
      Math.round(carrier.traceStartMs),
      carrier.slowAfterMs ?? null,
      job.origin === undefined ? null : JSON.stringify(job.origin),
    );
    wakeLane(connection, tenantId);
    return { jobId: id, isNew: true, isRepeated: false, traceId };
  }
  connection.run(replaceTicket, payloadVersion, ticket, priorityRank(priority), rank, waiting.id);
  connection.run(
    "insert into deliveries (id, tenant_id, job_id, trace_id, received_at) values (?, ?, ?, ?, ?)",
    id,
    tenantId,
    waiting.id,
    traceId,
    now,
  );
  return { jobId: waiting.id, isNew: false, isRepeated: false, traceId };
}

/** A delivery has the id of the job that it made; what made none, or whose job is gone, stands among the deliveries. */
function earlierOf(connection: QueueConnection, id: string): Enqueued | undefined {
  const own = connection.get<{ traceparent: string }>("select traceparent from jobs where id = ?", id);
  if (own !== undefined)
    return { jobId: id, isNew: false, isRepeated: true, traceId: own.traceparent.slice(3, 35) };
  const other = connection.get<{ job_id: string; trace_id: string }>(
    "select job_id, trace_id from deliveries where id = ?",
    id,
  );
  return other && { jobId: other.job_id, isNew: false, isRepeated: true, traceId: other.trace_id };
}

/** A lane without a job that could be taken is asleep: looking for work costs nothing for tenants that have none. */
export function wakeLane(connection: QueueConnection, tenantId: string): void {
  connection.run(
    `insert into queue_lanes (tenant_id, busy) values (?, 1)
     on conflict (tenant_id) do update set busy = 1 where busy = 0`,
    tenantId,
  );
}
