import { z } from "zod";

/**
 * What Throughline's own read API answers, beside Jaeger's on the console address. `traces-openapi.ts` makes its document of these schemas, which
 * the backend serves at /api/throughline/openapi.json: routes, parameters, meanings.
 */

/** `value` is a string for 64-bit integers beyond 2^53, base64 for bytes; arrays and maps are plain JSON. */
export const attribute = z.object({
  key: z.string(),
  type: z.enum(["string", "bool", "int", "double", "bytes", "array", "map", "empty"]),
  value: z.unknown(),
});
export type Attribute = z.infer<typeof attribute>;

export const enhancementStatus = z.enum(["success", "partial", "skipped", "failed"]);

export const traceSummary = z.object({
  /** 32 lowercase hex digits. */
  traceId: z.string(),
  rootService: z.string(),
  rootOperation: z.string(),
  /** Earliest start, nanoseconds since the epoch as a decimal string. */
  startUnixNano: z.string(),
  /** Latest end minus earliest start, nanoseconds. */
  durationNs: z.number(),
  spanCount: z.number().int(),
  errorCount: z.number().int(),
  services: z.array(
    z.object({ name: z.string(), spanCount: z.number().int(), errorCount: z.number().int() }),
  ),
  /** `ticket.id`, `tenant.id`, `ticket.priority` of the trace's spans; null where no span carries them. */
  ticketId: z.string().nullable(),
  tenantId: z.string().nullable(),
  priority: z.string().nullable(),
  /** `enhancement.status` of the newest attempt; null where none has ended. */
  enhancementStatus: enhancementStatus.nullable(),
  /** True when any span carries slow_trace=true. */
  slow: z.boolean(),
  /** The first cause: message of the deepest ERROR span of the newest attempt; null where nothing failed. */
  firstError: z.object({ spanName: z.string(), message: z.string() }).nullable(),
});
export type TraceSummary = z.infer<typeof traceSummary>;

/** Where nothing was found and retention has deleted spans: when it last did, and until which start there may be none. */
const removed = z.object({ at: z.string(), until: z.string() }).optional();

/** `next`: the `cursor` of the next page; null where there is none. */
export const traceSearchAnswer = z.object({
  traces: z.array(traceSummary),
  next: z.string().nullable(),
  removed,
});

export const spanView = z.object({
  /** 16 lowercase hex digits. */
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  /** The parent is named but not (yet) among the trace's spans. */
  parentMissing: z.boolean(),
  name: z.string(),
  service: z.string(),
  kind: z.enum(["unspecified", "internal", "server", "client", "producer", "consumer"]),
  /** Nanoseconds after the trace's start. */
  startOffsetNs: z.number(),
  durationNs: z.number(),
  /** Duration not covered by any child, children clipped to the span. */
  selfNs: z.number(),
  /** Level in the tree, roots 0. Spans are listed parent before child, siblings by start. */
  depth: z.number().int(),
  status: z.enum(["unset", "ok", "error"]),
  statusMessage: z.string(),
  attributes: z.array(attribute),
  events: z.array(z.object({ name: z.string(), offsetNs: z.number(), attributes: z.array(attribute) })),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), attributes: z.array(attribute) })),
  resource: z.array(attribute),
  scope: z.object({ name: z.string(), version: z.string() }),
});
export type SpanView = z.infer<typeof spanView>;

export const traceView = z.object({
  summary: traceSummary,
  spans: z.array(spanView),
  /** The span with the largest self time and that time's share of the trace's duration, 0..100; null in an instant trace. */
  bottleneck: z
    .object({ spanId: z.string(), name: z.string(), selfNs: z.number(), percent: z.number() })
    .nullable(),
  /** What the end waited for, in the order of time: the span that held the path, from when after the trace's start, for how long. */
  criticalPath: z.array(z.object({ spanId: z.string(), startOffsetNs: z.number(), durationNs: z.number() })),
});
export type TraceView = z.infer<typeof traceView>;

const count = z.number().int().nonnegative();

export const attributeKeys = z.object({
  keys: z.array(z.object({ key: z.string(), spans: count })),
  removed,
});
export const attributeValues = z.object({
  key: z.string(),
  values: z.array(z.object({ value: z.string(), spans: count })),
  removed,
});

const redMinute = z.object({
  /** Whole minutes since the epoch; of a step and of `total`, the first one. */
  minute: count,
  spans: count,
  errors: count,
  durationSumNs: z.number(),
  p50Ns: z.number(),
  p75Ns: z.number(),
  p95Ns: z.number(),
  p99Ns: z.number(),
});
export const exemplar = z.object({
  traceId: z.string(),
  spanId: z.string(),
  operation: z.string(),
  startUnixNano: z.string(),
  durationNs: z.number().nonnegative(),
  isError: z.boolean(),
});
export const exemplarAnswer = z.object({ exemplars: z.array(exemplar) });

export const redSeries = z.object({
  service: z.string(),
  /** Empty where a service's are counted together; its kind is 0 then. */
  operation: z.string(),
  /** OTLP's number: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: z.number().int().min(0).max(5),
  minutes: z.array(redMinute),
  total: redMinute,
});
export const redAnswer = z.object({ series: z.array(redSeries), removed });

export const serviceCall = z.object({
  parent: z.string(),
  child: z.string(),
  calls: count,
  /** null where the storage does not tell. */
  failed: count.nullable(),
  /** Of the called side, or of the calling one where no span tells of the called; within 3.2 %, null as `failed`. */
  p50Ns: z.number().nullable(),
  p95Ns: z.number().nullable(),
});
export const serviceCalls = z.object({ calls: z.array(serviceCall), removed });
