import { z } from "zod";

/** The trace backend's storage, as `throughline storage` shows it and the admin address serves it under /api/storage. */
const count = z.number().int().nonnegative();

export const storageStatus = z.object({
  /** In blocks; `head` counts those that are in no block yet. */
  spans: count,
  traces: count,
  bytes: count,
  /** Starts of spans, RFC 3339; null where there is none. */
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  blocks: count,
  head: z.object({ spans: count }),
  log: z.object({ bytes: count }),
  /** Days (UTC) of the spans' start, and services. Bytes are the blocks' share by number of spans. */
  days: z.array(z.object({ day: z.string(), spans: count, bytes: count })),
  services: z.array(z.object({ service: z.string(), spans: count, bytes: count })),
  /** Trace ids that retention spares. */
  pinned: z.array(z.string()),
  /** Files that were set aside because they are damaged. */
  damaged: z.array(z.string()),
  /** What retention or cleaning deleted last: when, and until which start; null where it never did. */
  removed: z.object({ at: z.string(), until: z.string() }).nullable(),
});
export type StorageStatus = z.infer<typeof storageStatus>;

export const storageCheck = z.object({
  blocks: count,
  damaged: z.array(z.object({ file: z.string(), reason: z.string() })),
});
export type StorageCheck = z.infer<typeof storageCheck>;

export const eraseReport = z.object({
  traces: count,
  spans: count,
  blocksRewritten: count,
  blocksRemoved: count,
});
export type EraseReport = z.infer<typeof eraseReport>;

export const cleanReport = z.object({ blocksRemoved: count, spans: count });
export type CleanReport = z.infer<typeof cleanReport>;

/** Every trace is erased that has all that is named. */
export const eraseRequest = z
  .strictObject({ ticket: z.string().min(1).optional(), tenant: z.string().min(1).optional() })
  .refine(
    ({ ticket, tenant }) => ticket !== undefined || tenant !== undefined,
    "ticket or tenant is required",
  );
export type EraseRequest = z.infer<typeof eraseRequest>;

export const cleanRequest = z.strictObject({ olderThanMs: z.number().nonnegative() });
export const pinRequest = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/, "expected 32 lower-case hex digits"),
});
