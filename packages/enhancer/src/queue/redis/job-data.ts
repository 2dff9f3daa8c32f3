import type { JobView } from "@throughline/api";
import type { Carrier } from "@throughline/tracing";
import type { Job, JobJson } from "bullmq";
import {
  ageingMs,
  attemptsPerTry,
  decodeTicket,
  encodeTicket,
  payloadVersion,
  priorityRank,
  traceOf,
  UnreadablePayload,
} from "../payload.ts";
import type { JobOrigin, LeasedJob, NewJob } from "../queue.ts";
import type { Ticket } from "../../ticket.ts";

/** What a job holds, texts within the text: scripts pass them on as they are. `version` says how `ticket` is to be read. */
export interface JobData {
  version: number;
  ticket: string;
  carrier: string;
  origin?: string;
  forced?: boolean;
}

/** What BullMQ calls the job's progress: it comes with the job when it is taken. */
interface Progress {
  writeStartedAt?: number;
  attemptsAllowed?: number;
  clockStartedAt?: number;
}

export function dataOf({ ticket, carrier, origin }: NewJob): JobData {
  return {
    version: payloadVersion,
    ticket: encodeTicket(ticket),
    carrier: JSON.stringify(carrier),
    ...(origin === undefined ? {} : { origin: JSON.stringify(origin) }),
  };
}

/** 2026-01-01. BullMQ has 2^21 priorities: steps of five minutes last until 2045. */
const epochMs = 1_767_225_600_000;
const priorities = 2 ** 21;

/**
 * BullMQ's priority of a job, and its exact place in the sorted set: time and urgency in one number, so that no job starves. A job that
 * comes back from a delay takes the first place of its five minutes.
 */
export function placeOf(
  priority: Ticket["priority"],
  availableAt: number,
): { priority: number; score: number } {
  const rank = 1 + Math.max(0, (availableAt - epochMs) / ageingMs) + priorityRank(priority);
  const whole = Math.min(priorities - 1, Math.floor(rank));
  return { priority: whole, score: Math.floor((whole + Math.min(0.999_999, rank - whole)) * 2 ** 32) };
}

/** A job that a worker takes. Throws UnreadablePayload. */
export function leasedJob(id: string, json: JobJson, resumedAt: number): LeasedJob {
  const data = parseData(json.data);
  const ticket = decodeTicket(data.version, data.ticket);
  const carrier = JSON.parse(data.carrier) as Carrier;
  const { writeStartedAt, attemptsAllowed = attemptsPerTry, clockStartedAt } = progressOf(json.progress);
  const waitsSince = json.timestamp;
  const attempt = (json.attemptsMade ?? 0) + 1;
  const clock = Math.max(clockStartedAt ?? carrier.traceStartMs, waitsSince < resumedAt ? resumedAt : 0);
  return {
    id,
    ticket,
    carrier: { ...carrier, traceStartMs: clock },
    attempt,
    isLastAttempt: attempt >= attemptsAllowed,
    takes: json.attemptsStarted ?? 1,
    writeStartedAt,
    enqueuedAtMs: waitsSince,
    origin: data.origin === undefined ? undefined : (JSON.parse(data.origin) as JobOrigin),
    waitedMs: Math.max(0, Date.now() - Math.max(waitsSince, resumedAt)),
    isForced: data.forced === true,
  };
}

export function parseData(text: string): JobData {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new UnreadablePayload("The job's payload is not JSON.");
  }
  if (typeof data === "object" && data !== null && "version" in data && "ticket" in data && "carrier" in data)
    return data as JobData;
  throw new UnreadablePayload("The job's payload is none of ours.");
}

interface Outcome {
  status?: JobView["status"];
  noteId?: string | null;
  reason?: string | null;
}

/** A job, wherever it is. */
export interface FoundJob {
  tenantId: string;
  ticketId: string;
  job: Job;
  /** As BullMQ calls it. */
  state: string;
  /** BullMQ has another time where a job waited for its ticket's other to end. */
  storedAt: number | undefined;
}

export function viewOf({ tenantId, ticketId, job, state, storedAt }: FoundJob): JobView {
  const iso = (time: number) => new Date(time).toISOString();
  const data = readable(job);
  const outcome = (job.returnvalue ?? {}) as Outcome;
  const isDead = state === "failed";
  const failed = job.failedReason === undefined || job.failedReason === "" ? null : job.failedReason;
  return {
    id: job.id ?? "",
    tenantId,
    ticketId,
    priority: data?.ticket.priority ?? "low",
    state: stateNames[state] ?? "waiting",
    attempts: job.attemptsMade,
    status: isDead ? "failed" : (outcome.status ?? null),
    reason: state === "completed" ? (outcome.reason ?? null) : failed,
    noteId: outcome.noteId ?? null,
    ...traceOf(data?.carrier.traceparent ?? ""),
    enqueuedAt: iso(storedAt ?? job.timestamp),
    availableAt: iso(job.timestamp + (state === "delayed" ? job.delay : 0)),
    finishedAt: job.finishedOn === undefined ? null : iso(job.finishedOn),
  };
}

const stateNames: Readonly<Record<string, JobView["state"]>> = {
  active: "active",
  completed: "done",
  failed: "dead",
};

/** A dead letter may hold what this program cannot read. */
function readable(job: Job): { ticket: Ticket; carrier: Carrier } | undefined {
  try {
    const data = parseData(JSON.stringify(job.data));
    return { ticket: decodeTicket(data.version, data.ticket), carrier: JSON.parse(data.carrier) as Carrier };
  } catch (error) {
    if (error instanceof UnreadablePayload) return undefined;
    throw error;
  }
}

function progressOf(progress: unknown): Progress {
  return typeof progress === "object" && progress !== null ? progress : {};
}
