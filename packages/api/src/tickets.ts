import { z } from "zod";
import { enhancementView } from "./enhancements.ts";
import { jobView } from "./jobs.ts";

/** Tickets as the console shows them: what the queue holds of one, joined with what was done with it. Times are ISO 8601, UTC. */
const time = z.string();
const count = z.number().int().nonnegative();

export const ticketStatus = z.enum(["waiting", "active", "success", "partial", "skipped", "failed"]);

export const ticketView = z.object({
  tenantId: z.string(),
  ticketId: z.string(),
  priority: jobView.shape.priority,
  /** Of the job that waits or is under way; otherwise how the newest attempt ended. */
  status: ticketStatus,
  /** When its job came, or its newest attempt ended. */
  at: time,
  jobId: z.string().nullable(),
  traceId: z.string().nullable(),
  /** Of the newest attempt that ended; null where none has. */
  enhancementId: z.string().nullable(),
  delivery: enhancementView.shape.delivery.nullable(),
  /** Why it failed, was skipped, is partial or waits for another attempt. */
  reason: z.string().nullable(),
  /** Of all its jobs. */
  attempts: count,
  /** Milliseconds by phase of the newest attempt; `total` of it. */
  latency: z.record(z.string(), z.number()),
  /** Of all attempts; null where nothing is known. */
  costUsd: z.number().nullable(),
  feedback: z.object({ up: count, down: count }),
});
export type TicketView = z.infer<typeof ticketView>;

export const ticketOrder = z.enum(["newest", "failed", "slow"]);

export const ticketList = z.object({
  tickets: z.array(ticketView),
  nextCursor: z.string().nullable(),
});

/** Why a ticket has no note, or where its note is. */
export const ticketReason = z.object({
  code: z.enum([
    "queued",
    "delayed",
    "paused",
    "held",
    "running",
    "written",
    "draft",
    "discarded",
    "shadow",
    "skipped",
    "failed",
    "unknown",
  ]),
  /** For people. */
  text: z.string(),
  /** Of a job that waits: 1 where it is the next of its tenant; null where it waits for something else, or is further back than is counted. */
  place: count.nullable(),
  /** How many of the tenant's jobs wait. */
  waiting: count.nullable(),
  /** When it goes on by itself. */
  until: time.nullable(),
});
export type TicketReason = z.infer<typeof ticketReason>;

export const ticketStory = z.object({
  /** null where nothing is known of it. */
  ticket: ticketView.nullable(),
  reason: ticketReason,
  /** Newest first. */
  jobs: z.array(jobView),
  /** Newest first. */
  enhancements: z.array(enhancementView),
});
export type TicketStory = z.infer<typeof ticketStory>;

export const ticketErasure = z.object({ jobs: count, enhancements: count, history: count });
