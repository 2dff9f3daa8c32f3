import type { TicketWebhook } from "@throughline/api";
import { afterEach, beforeEach } from "vitest";
import { jobIdOf } from "../job-id.ts";
import type { JobQueue, Keep, LeasedJob, NewJob } from "../queue.ts";

/** A queue of its own for one test. */
export interface QueueUnderTest {
  /** Another worker on the same queue, as of another process. */
  open(): JobQueue;
  /** How far the clock of all of them is ahead, milliseconds. */
  passTime(ms: number): Promise<void>;
  setConcurrency(tenantId: string, limit: number): void;
  /** Stores a job whose payload has this version, as another release would. */
  storeForeign(jobId: string, version: number): Promise<void>;
  /** Lets the leases of a queue look like those of a process that died on this host. */
  killOwner(queue: JobQueue): Promise<void>;
  close(): Promise<void>;
}

export type CreateQueue = () => Promise<QueueUnderTest>;

/** Which queues of these tests keep what ended so long. */
export const keptInTests: Keep = { finishedMs: 60_000, finishedCount: 2, deliveriesMs: 120_000 };

/** As every queue has it. */
export const leaseMs = 30_000;

interface Ticket {
  tenant?: string;
  ticket?: string;
  priority?: TicketWebhook["priority"];
  delayMs?: number;
}

export function newJob(deliveryId: string, options: Ticket = {}): NewJob {
  return {
    deliveryId,
    ticket: {
      tenantId: options.tenant ?? "acme",
      ticketId: options.ticket ?? `T-${deliveryId}`,
      event: "ticket.created",
      description: `it does not work: ${deliveryId}`,
      priority: options.priority ?? "medium",
      createdAt: "2026-11-01T10:00:00Z",
    },
    carrier: {
      traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
      tracestate: "vendor=1",
      traceStartMs: 1_700_000_000_000,
    },
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
  };
}

/** A queue for each test of a file, and short words for what tests do with it. */
export function useQueue(create: CreateQueue) {
  let under: QueueUnderTest;
  let queue: JobQueue;
  beforeEach(async () => {
    under = await create();
    queue = under.open();
  });
  afterEach(() => under.close());
  return {
    under: () => under,
    queue: () => queue,
    enqueue: async (...jobs: [string, Ticket?][]) => {
      for (const [id, options] of jobs) await queue.enqueue(newJob(id, options));
    },
    takeOne: async (from: JobQueue = queue) => {
      const [job] = await from.take(1);
      if (job === undefined) throw new Error("no job could be taken");
      return job;
    },
  };
}

/** The deliveries that jobs came from. */
export function deliveries(jobs: readonly LeasedJob[]): (string | undefined)[] {
  return jobs.map(({ ticket }) => ticket.description.split(": ")[1]);
}

export function idOf(delivery: string, tenant = "acme"): string {
  return jobIdOf(tenant, delivery);
}
