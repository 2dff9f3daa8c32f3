import { z } from "zod";

/** What was done with tickets, as the admin API and the commands show it. Times are ISO 8601, UTC. */
const time = z.string();
const status = z.enum(["success", "partial", "skipped", "failed"]);
const delivery = z.enum(["written", "draft", "approving", "discarded", "shadow", "none"]);
const count = z.number().int().nonnegative();

export const enhancementView = z.object({
  id: z.string(),
  tenantId: z.string(),
  ticketId: z.string(),
  jobId: z.string(),
  attempt: count,
  traceId: z.string(),
  createdAt: time,
  status,
  /** What became of the note; `approving`: a person said yes and the desk is being asked. */
  delivery,
  /** Why it failed, was skipped or is partial; null where there is nothing to say. */
  reason: z.string().nullable(),
  noteId: z.string().nullable(),
  writer: z.enum(["model", "extractive"]).nullable(),
  model: z.string().nullable(),
  promptVersion: z.string().nullable(),
  inputTokens: count.nullable(),
  outputTokens: count.nullable(),
  cachedTokens: count.nullable(),
  costUsd: z.number().nonnegative().nullable(),
  /** Claims of the model that were not told. */
  claimsRemoved: count,
  /** Milliseconds by phase; `total` of the attempt. */
  latency: z.record(z.string(), z.number()),
  /** When and by whom a draft was decided on. */
  decidedAt: time.nullable(),
  decidedBy: z.string().nullable(),
});
export type EnhancementView = z.infer<typeof enhancementView>;

export const feedbackRating = z.enum(["up", "down"]);
export const feedbackInput = z.strictObject({
  rating: feedbackRating,
  reason: z.string().trim().max(1_000).default(""),
});

export const enhancementDetail = enhancementView.extend({
  inputHash: z.string(),
  /** The ticket as it was read, credentials hidden. */
  input: z.object({
    subject: z.string(),
    description: z.string(),
    priority: z.string(),
    event: z.string(),
    createdAt: z.string(),
  }),
  sources: z.array(
    z.object({
      kind: z.string(),
      id: z.string(),
      title: z.string(),
      excerpt: z.string(),
      score: z.number(),
      why: z.string(),
    }),
  ),
  /** null where none was written. */
  note: z
    .object({
      language: z.string(),
      sections: z.array(
        z.object({
          title: z.string(),
          items: z.array(z.object({ text: z.string(), sources: z.array(count) })),
        }),
      ),
    })
    .nullable(),
  /** The note as the desk gets it; null where none was written. */
  html: z.string().nullable(),
  feedback: z.array(z.object({ rating: feedbackRating, reason: z.string(), createdAt: time })),
});
export type EnhancementDetail = z.infer<typeof enhancementDetail>;

export const enhancementList = z.object({
  enhancements: z.array(enhancementView),
  nextCursor: z.string().nullable(),
});

export const weekReport = z.object({
  /** The week's Monday, UTC: `2026-11-23`. */
  week: z.string(),
  tickets: count,
  success: count,
  partial: count,
  skipped: count,
  failed: count,
  /** Of those that were to get a note, the share that got one; null where there was none. */
  successRate: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  costUsd: z.number(),
  inputTokens: count,
  outputTokens: count,
  cachedTokens: count,
  thumbsUp: count,
  thumbsDown: count,
  /** Share of thumbs that went up; null where nobody said anything. */
  helpfulness: z.number().nullable(),
});
export type WeekReport = z.infer<typeof weekReport>;

export const tenantReport = z.object({ tenant: z.string(), weeks: z.array(weekReport) });
