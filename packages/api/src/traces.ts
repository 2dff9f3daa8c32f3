import { z } from "zod";

/**
 * Throughline's own read API, served beside Jaeger's on the console address:
 *   GET /api/throughline/traces?q=&service=&operation=&tag=key=value&status=error&minDuration=&maxDuration=&start=&end=&limit=
 *       -> traceSearchAnswer. `q` is a trace id or a ticket id; `tag` may repeat, all hold on one span;
 *          durations are Go durations (`1.5s`); `start` and `end` are ISO 8601; newest trace first; limit 1..1500, default 20.
 *          `minTraceDuration`, `maxTraceDuration`: of the whole trace; `where`: a condition (docs/search.md); `cursor`: the `next` of
 *          the answer before, with the same other parameters.
 *   GET /api/throughline/attributes?start=&end=&limit=  -> {keys: [{key, spans}]}, the most frequent first; the last hour unless told.
 *   GET /api/throughline/attribute-values?key=&start=&end=&limit=  -> {key, values: [{value, spans}]}
 *   GET /api/throughline/red?service=&operation=&start=&end=  -> {series: [{service, operation, kind, minutes, total}]}: spans, errors, sum
 *          and p50, p95, p99 of durations (ns, within 3.2 %), by whole minutes of the spans' start.
 *   GET /api/throughline/service-calls?start=&end=  -> {calls: [{parent, child, calls, failed}]}
 *   GET /api/throughline/traces/{traceId} -> traceView, 404 problem where there is none.
 *   Services and operations: Jaeger's /api/v3/services and /api/v3/operations.
 * Errors are RFC 9457 problem details.
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

/** `next`: the `cursor` of the next page; null where there is none. */
export const traceSearchAnswer = z.object({ traces: z.array(traceSummary), next: z.string().nullable() });

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
});
export type TraceView = z.infer<typeof traceView>;
