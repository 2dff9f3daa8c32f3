import { z } from "zod";

/** A job as the admin API and `throughline jobs` show it. Times are ISO 8601, UTC. */
export const jobView = z.object({
  id: z.string(),
  tenantId: z.string(),
  ticketId: z.string(),
  priority: z.enum(["low", "medium", "high", "critical"]),
  state: z.enum(["waiting", "active", "done", "dead"]),
  /** Attempts that ended, the present one not included. */
  attempts: z.number().int(),
  /** How the enhancement ended; null until it has. `skipped`: there was a reason to write no note, see `reason`. */
  status: z.enum(["success", "partial", "skipped", "failed"]).nullable(),
  /** Why the last attempt failed; null where none did. */
  reason: z.string().nullable(),
  noteId: z.string().nullable(),
  traceId: z.string().nullable(),
  /** Whether its trace was to be kept when it came; one that was not is kept all the same where the ticket fails, is partial or slow. */
  sampled: z.boolean().nullable(),
  enqueuedAt: z.string(),
  /** When a waiting job may be taken. */
  availableAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type JobView = z.infer<typeof jobView>;

export const jobList = z.object({
  jobs: z.array(jobView),
  /** For the next page; null: there is none. */
  nextCursor: z.string().nullable(),
});

export const queueStatus = z.object({
  name: z.string(),
  paused: z.boolean(),
  waiting: z.number().int(),
  active: z.number().int(),
  done: z.number().int(),
  dead: z.number().int(),
  /** Age of the oldest waiting job in milliseconds; null where none waits. */
  oldestWaitingMs: z.number().nullable(),
  /** Tenants whose jobs are not taken until they are resumed. */
  pausedTenants: z.array(z.string()),
  /** Tenants whose desk or model asked to come later. */
  heldTenants: z.array(z.object({ tenantId: z.string(), until: z.string() })),
});
export type QueueStatus = z.infer<typeof queueStatus>;
