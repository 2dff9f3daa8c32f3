import { z } from "zod";
import { storageStatus } from "./storage.ts";

/** How the parts of the system are, as the console's system page shows them. Times are RFC 3339. */
const count = z.number().int().nonnegative();

export const partHealth = z.object({
  /** `unknown`: nothing was asked of it yet. */
  status: z.enum(["ok", "degraded", "failed", "unknown"]),
  /** Whether the process is of no use without it. */
  required: z.boolean(),
  since: z.string(),
  /** How old this knowledge is; null where there is none. */
  ageMs: z.number().nullable(),
  detail: z.string(),
});
export const healthReport = z.object({
  status: z.enum(["ok", "degraded", "failed"]),
  since: z.string(),
  parts: z.record(z.string(), partHealth),
});

/** What came in since the process started; `dropped` tells of spans, requests and datagrams that are not stored. */
const received = z.object({
  spans: count,
  /** Bytes of requests after inflating. */
  bytes: count,
  dropped: z.object({
    /** Spans with ids that are not valid. */
    invalidSpans: count,
    /** Requests that were refused as a whole: the store or the memory for them was full. */
    refusedRequests: count,
    /** Requests over the limits of their token. */
    limitedRequests: count,
    /** Datagrams for which there was no room, or that could not be read. */
    lostDatagrams: count,
  }),
});

export const systemStatus = z.object({
  /** The process of the trace backend that answers. */
  process: z.object({ role: z.string(), pid: count }),
  health: healthReport,
  /** Null where spans are kept by a server elsewhere. */
  storage: storageStatus.nullable(),
  retention: z.object({
    /** Spans are deleted when they were received longer ago; null: never. */
    ageMs: z.number().nullable(),
    /** Of all blocks together; null: as much as the disk takes. */
    bytes: z.number().nullable(),
  }),
  ingest: z.object({
    since: z.string(),
    ...received.shape,
    /** What came in in each step that ended, the oldest first; steps without any are left out. */
    stepMs: count,
    steps: z.array(z.object({ at: z.string(), spans: count, bytes: count, dropped: count })),
  }),
});
export type SystemStatus = z.infer<typeof systemStatus>;

/** The processes that share the enhancer's data directory; those of other machines are not among them. */
export const processList = z.object({
  processes: z.array(
    z.object({
      role: z.string(),
      pid: count,
      /** Jobs that it works on at once at most; null where it works on none. */
      workers: count.nullable(),
      /** Null where it did not answer. */
      health: healthReport.nullable(),
    }),
  ),
});
export type ProcessList = z.infer<typeof processList>;
