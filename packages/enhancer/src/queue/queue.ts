import type { JobView, QueueStatus } from "@throughline/api";
import type { Carrier } from "@throughline/tracing";
import type { Ticket } from "../ticket.ts";

/** The one queue of enhancements; `queue.name` on spans and metrics. */
export const queueName = "enhancements";

export interface NewJob {
  id: string;
  ticket: Ticket;
  carrier: Carrier;
  /** Where the trace is not sampled: what its spans were before the job. */
  origin?: JobOrigin;
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

/** A job in a worker's hands: until `leasedUntil` passes, nobody else gets it. */
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
  /** Resolves once the job survives a power cut; throws TL_QUEUE_UNAVAILABLE and keeps nothing otherwise. */
  enqueue(job: NewJob): Promise<void>;
}

/** What a worker needs. Every change is fenced by the lease: it throws LeaseLost when another worker holds the job. */
export interface JobSource {
  /** Up to `count` due jobs, urgent and old first; `[]` while paused. Expired leases are taken over. */
  take(count: number): Promise<LeasedJob[]>;
  heartbeat(jobIds: readonly string[]): Promise<void>;
  /** To be called before the desk is asked to write. */
  markWriteStarted(jobId: string): Promise<void>;
  /** The desk said plainly that it wrote nothing. */
  clearWriteStarted(jobId: string): Promise<void>;
  complete(jobId: string, outcome: JobOutcome): Promise<void>;
  /** Gives the job back for another attempt after `delayMs`. */
  retryLater(jobId: string, reason: string, delayMs: number): Promise<void>;
  /** Ends the job without a note: dead letter. */
  bury(jobId: string, reason: string): Promise<void>;
  /** Gives the job back untouched, at once: no attempt is used. */
  release(jobId: string): Promise<void>;
  /** Calls `wake` when this process may have a job to take. */
  onWork(wake: () => void): void;
}

/** What operators need. */
export interface JobAdmin {
  /** Newest first. */
  list(filter: { state?: JobView["state"]; ticketId?: string; limit: number }): Promise<JobView[]>;
  /** Throws TL_JOB_NOT_FOUND. */
  show(jobId: string): Promise<JobView>;
  /** A dead job becomes a waiting one, in its ticket's trace. Throws TL_JOB_NOT_FOUND, TL_JOB_NOT_RETRYABLE. */
  retry(jobId: string): Promise<JobView>;
  /** No job is taken until `resume`; what is under way ends. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  status(): Promise<QueueStatus>;
}

export type JobQueue = JobIntake & JobSource & JobAdmin;

/** The lease ended and the job may be in other hands: the worker drops what it did. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}
