import type { TracePart } from "@throughline/api/trace-columns";
import type { SpanKind, SpanRecord } from "../model.ts";
import type { Condition } from "./condition.ts";

/** What the read path needs of a store. Answers never hold half a batch. Each call ends with the signal or at its deadline. */
export interface SpanReader {
  /** All spans of each trace that is known, resent duplicates once; unknown ids are left out. Order of `traceIds`. */
  traces(traceIds: readonly string[], options?: ReadOptions): Promise<SpanRecord[][]>;
  /** Traces with a span that meets every condition, the trace whose newest matching span started last first. */
  search(query: SpanQuery, options?: ReadOptions): Promise<SearchAnswer>;
  /** Sorted. */
  services(options?: ReadOptions): Promise<string[]>;
  /** Sorted by name, then kind; `[]` for an unknown service. */
  operations(service: string, options?: ReadOptions): Promise<{ name: string; kind: SpanKind }[]>;
  /** Keys of attributes in a time window and how many spans have each, the most frequent first. */
  attributeKeys(window: FacetWindow, options?: ReadOptions): Promise<Facet[]>;
  /** Values of a key, as text, and how many spans have each, the most frequent first. */
  attributeValues(key: string, window: FacetWindow, options?: ReadOptions): Promise<Facet[]>;
  /** Rates, errors and durations by minute, from what was counted when spans were stored. */
  red(query: RedQuery, options?: ReadOptions): Promise<RedSeries[]>;
  /** One quantile, rates and errors at equal steps, from the same counts; sorted by service, then operation. */
  metrics(query: ServiceMetricsQuery, options?: ReadOptions): Promise<ServiceMetrics[]>;
  /** Calls from service to service whose spans came close enough together to be stored side by side. */
  edges(window: MinuteWindow, options?: ReadOptions): Promise<ServiceEdge[]>;
  /** One trace in the form of `trace-columns.ts` of `@throughline/api`; undefined where it is not known. */
  columns(traceId: string, part: TracePart, options?: ReadOptions): Promise<TraceText | undefined>;
  /** What `traces` finds, in the form that is sent; undefined where the reader has no thread of its own to write it in. */
  texts?(query: TextQuery, options?: ReadOptions): Promise<TraceText[]>;
}

/** `form`: an element of `data` of Jaeger's first HTTP API, or the list `resourceSpans` of its second; `raw`: without Jaeger's adjustments. */
export interface TextQuery {
  traceIds: readonly string[];
  form: "legacy" | "v3";
  raw: boolean;
}

export interface TraceText {
  traceId: string;
  /** How many it is of. */
  spans: number;
  /** Text in UTF-8, or columns. */
  chunks: Uint8Array<ArrayBuffer>[];
}

export interface ReadOptions {
  /** Ends the work when the asker has gone. */
  signal?: AbortSignal;
}

export interface SearchAnswer {
  traces: SpanRecord[][];
  /** Where the next page begins; undefined when there is none. */
  next: SearchCursor | undefined;
}

/** The last trace of a page: start of its newest matching span, and its id. */
export interface SearchCursor {
  start: bigint;
  traceId: string;
}

/** All conditions hold together on one span. */
export interface SpanQuery {
  service?: string;
  operation?: string;
  /**
   * Attributes by key and text form (bool true/false, int decimal, double shortest form, array and map as JSON,
   * bytes base64), wherever they stand: span, resource, scope, event or link. Also `error` (true = status ERROR),
   * `span.kind`, `otel.status_code` (OK|ERROR), `otel.status_description`, `otel.scope.name`, `otel.scope.version`,
   * `event` (an event's name), `w3c.tracestate`.
   */
  tags: readonly { key: string; value: string }[];
  where?: Condition;
  /** Span start, nanoseconds since the epoch, both inclusive. */
  startMin?: bigint;
  startMax?: bigint;
  /** Span duration in nanoseconds, both inclusive. */
  durationMin?: bigint;
  durationMax?: bigint;
  /** From the first start to the last end of the whole trace, nanoseconds, both inclusive. */
  traceDurationMin?: bigint;
  traceDurationMax?: bigint;
  /** Number of traces. */
  limit: number;
  /** Only what comes after it. */
  after?: SearchCursor;
}

/** Span starts, nanoseconds since the epoch, both inclusive. */
export interface FacetWindow {
  startMin: bigint;
  startMax: bigint;
  limit: number;
}

export interface Facet {
  text: string;
  spans: number;
}

/** Whole minutes since the epoch of the spans' start, both inclusive. */
export interface MinuteWindow {
  fromMinute: number;
  toMinute: number;
}

export interface RedQuery extends MinuteWindow {
  service?: string;
  operation?: string;
  /** Those of these kinds alone. */
  kinds?: readonly SpanKind[];
  /** Operations and kinds counted together, as of one operation without a name. */
  byService?: boolean;
  /** So many minutes, from `fromMinute` on, are counted as one; 1 unless given. */
  everyMinutes?: number;
}

export interface RedSeries {
  service: string;
  operation: string;
  kind: SpanKind;
  /** Named by the first minute of each step. */
  minutes: RedMinute[];
  /** Over the whole window; quantiles within 3.2 %. */
  total: RedMinute;
}

export interface RedMinute {
  minute: number;
  spans: number;
  errors: number;
  durationSumNs: number;
  p50Ns: number;
  p75Ns: number;
  p95Ns: number;
  p99Ns: number;
}

/** Minutes as of RedQuery. Points stand at `fromMinute`, `fromMinute + everyMinutes`, ... and count the `overMinutes` minutes that end there. */
export interface ServiceMetricsQuery {
  services: readonly string[];
  kinds: readonly SpanKind[];
  byOperation: boolean;
  fromMinute: number;
  toMinute: number;
  everyMinutes: number;
  overMinutes: number;
  /** 0..1 */
  quantile: number;
}

export interface ServiceMetrics {
  service: string;
  /** Empty where operations are counted together. */
  operation: string;
  /** Those with a span. */
  points: { minute: number; spans: number; errors: number; quantileNs: number }[];
}

export interface ServiceEdge {
  parent: string;
  child: string;
  calls: number;
  /** null where the storage does not tell. */
  failed: number | null;
  /** Durations of the called side, or of the calling one where no span tells of the called; null as `failed`. */
  p50Ns: number | null;
  p95Ns: number | null;
}

/** What retention deleted: when (ms since the epoch), and the last start (ns) and receipt (ms) of any span of it. */
export interface RemovedSpans {
  atMs: number;
  lastStart: string;
  receivedLastMs: number;
}
