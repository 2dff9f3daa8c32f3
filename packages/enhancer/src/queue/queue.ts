import type { JobView, QueueStatus } from "@throughline/api";
import type { Carrier } from "@throughline/tracing";
import type { Ticket } from "../ticket.ts";

/** The one queue of enhancements; `queue.name` on spans and metrics. */
export const queueName = "enhancements";

export interface NewJob {
  /** The sender's own id of the delivery, or a hash of what makes it one: the idempotency key. */
  deliveryId: string;
  ticket: Ticket;
  carrier: Carrier;
  /** Where the trace is not sampled: what its spans were before the job. */
  origin?: JobOrigin;
  /** Not before so many milliseconds from now. */
  delayMs?: number;
}

export interface Enqueued {
  /** The job that enhances the ticket for this delivery: its own, the one it was repeated from, or the waiting one it became part of. */
  jobId: string;
  /** Whether this delivery made the job. */
  isNew: boolean;
  /** Whether the very delivery came before; else one that is not new became part of a waiting job. */
  isRepeated: boolean;
  /** The trace in which the job's work is seen. */
  traceId: string;
}

/**
 * The receiver's spans of a ticket whose trace was not sampled, so that a worker can make them again when the ticket fails, is partial
 * or slow. Times in milliseconds since the epoch.
 */
export interface JobOrigin {
  webhook: OriginSpan & {
    spanId: string;
    parentSpanId: string | undefined;
    links: { traceparent: string; tracestate: string }[];
  };
  /** Its id stands in the carrier. */
  queued: OriginSpan;
}

interface OriginSpan {
  startMs: number;
  attributes: Record<string, string | number | boolean>;
}

/** A job in a worker's hands: until the lease ends, nobody else gets it. */
export interface LeasedJob {
  id: string;
  ticket: Ticket;
  carrier: Carrier;
  /** 1 for the first attempt. */
  attempt: number;
  /** When this one fails, the job is dead. */
  isLastAttempt: boolean;
  /** How often a worker took it, this time included. */
  takes: number;
  /** Milliseconds since the epoch: when a desk was first asked to write; a note may exist from then on. */
  writeStartedAt: number | undefined;
  /** When it was stored; milliseconds since the epoch. */
  enqueuedAtMs: number;
  origin: JobOrigin | undefined;
  /** How long it waited since it could have been taken. */
  waitedMs: number;
  /** Asked for by hand: a note that an earlier job wrote is no reason not to write. */
  isForced: boolean;
}

/** How a job ended without an error. */
export interface JobOutcome {
  status: "success" | "partial" | "skipped";
  /** undefined where nothing was written on the desk: skipped, kept as a draft, or shadowed. */
  noteId: string | undefined;
  /** Why nothing was written. */
  reason?: string;
}

/** What the front door needs. */
export interface JobIntake {
  /** `messaging.system` on spans. */
  readonly system: "sqlite" | "redis";
  /**
   * Resolves once the job survives a power cut; throws TL_QUEUE_UNAVAILABLE and keeps nothing otherwise.
   *
   * The job's id is `jobIdOf(tenant, delivery)`. A repeated delivery changes nothing, also after its job was done. A job of the same
   * ticket that still waits takes the newer ticket in place of a job of its own; one under way is followed by one more.
   */
  enqueue(job: NewJob): Promise<Enqueued>;
}

/** What a worker needs. Every change is fenced by the lease: it throws LeaseLost when another worker holds the job. */
export interface JobSource {
  readonly system: "sqlite" | "redis";
  /** Up to `count` due jobs: tenants in turn, within one urgent and old first. Expired leases are taken over. */
  take(count: number): Promise<LeasedJob[]>;
  /** Renews leases; returns the jobs that are in other hands by now. */
  heartbeat(jobIds: readonly string[]): Promise<string[]>;
  /** Durable when it resolves: to be called before the desk is asked to write. */
  markWriteStarted(jobId: string): Promise<void>;
  /** The desk said plainly that it wrote nothing. */
  clearWriteStarted(jobId: string): Promise<void>;
  complete(jobId: string, outcome: JobOutcome): Promise<void>;
  /** Gives the job back for another attempt after `delayMs`. */
  retryLater(jobId: string, reason: string, delayMs: number): Promise<void>;
  /** The tenant's desk or model asks to come later: no job of the tenant is taken for `delayMs`, and no attempt is used. */
  holdTenant(jobId: string, reason: string, delayMs: number): Promise<void>;
  /** Ends the job without a note: dead letter. */
  bury(jobId: string, reason: string): Promise<void>;
  /** Gives the job back untouched, at once: no attempt is used. */
  release(jobId: string): Promise<void>;
  /** Calls `wake` when this process may have a job to take. */
  onWork(wake: () => void): void;
  /** Leases of processes of this host that are gone need not run out. To be called before the first `take`. */
  reclaimFromDeadProcesses(): Promise<void>;
}

export interface JobFilter {
  state?: JobView["state"] | undefined;
  status?: NonNullable<JobView["status"]> | undefined;
  tenantId?: string | undefined;
  ticketId?: string | undefined;
  /** Enqueued from here on, milliseconds since the epoch. */
  sinceMs?: number | undefined;
  /** Enqueued before this. */
  untilMs?: number | undefined;
  /** The last job of the page before: only what comes after it in the list, whatever came or went meanwhile. */
  after?: { enqueuedAtMs: number; id: string } | undefined;
  limit: number;
}

/** What operators need. */
export interface JobAdmin {
  /** By the time at which they were enqueued, newest first, then by id, last first. */
  list(filter: JobFilter): Promise<JobView[]>;
  /** Throws TL_JOB_NOT_FOUND. */
  show(jobId: string): Promise<JobView>;
  /** A dead job becomes a waiting one, in its ticket's trace. Throws TL_JOB_NOT_FOUND, TL_JOB_NOT_RETRYABLE. */
  retry(jobId: string): Promise<JobView>;
  /** Removes a job that waits, is done or is dead. Throws TL_JOB_NOT_FOUND, TL_JOB_NOT_DISCARDABLE. */
  discard(jobId: string): Promise<JobView>;
  /** A new job for the ticket of one that ended; `isForced`: it writes even where a note stands. Throws as `retry`. */
  rerun(jobId: string, options: { isForced: boolean }): Promise<JobView>;
  /** No job (of the tenant) is taken until `resume`, by no process and after no restart; what is under way ends. */
  pause(tenantId?: string): Promise<void>;
  resume(tenantId?: string): Promise<void>;
  status(): Promise<QueueStatus>;
}

/** How long what ended is kept; dead letters stay until they are discarded. */
export interface Keep {
  finishedMs: number;
  finishedCount: number;
  deliveriesMs: number;
}

export interface JobQueue extends JobIntake, JobSource, JobAdmin {
  readonly system: "sqlite" | "redis";
  /** Removes what is kept no longer. Returns how many jobs went. */
  prune(): Promise<number>;
  /** Removes every job of a tenant, also those under way, and what is known of its deliveries. Returns how many went. */
  eraseTenant(tenantId: string): Promise<{ jobs: number; deliveries: number }>;
  /** Throws where the queue cannot be read. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How many jobs of a tenant may be under way at once, in all processes together. */
export type ConcurrencyOf = (tenantId: string) => Promise<number>;

/** The lease ended and the job may be in other hands: the worker drops what it did. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";

  constructor(jobId: string) {
    super(`The lease on job ${jobId} ended.`);
  }
}
