import type { SpanKind, SpanRecord } from "../model.ts";

/** What the read path needs of a store. Answers never hold half a batch. */
export interface SpanReader {
  /** All spans of each trace that is known, resent duplicates once; unknown ids are left out. Order of `traceIds`. */
  traces(traceIds: readonly string[]): Promise<SpanRecord[][]>;
  /** Traces with a span that meets every condition, the trace whose newest matching span started last first. */
  search(query: SpanQuery): Promise<SpanRecord[][]>;
  /** Sorted. */
  services(): Promise<string[]>;
  /** Sorted by name, then kind; `[]` for an unknown service. */
  operations(service: string): Promise<{ name: string; kind: SpanKind }[]>;
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
  /** Span start, nanoseconds since the epoch, both inclusive. */
  startMin?: bigint;
  startMax?: bigint;
  /** Span duration in nanoseconds, both inclusive. */
  durationMin?: bigint;
  durationMax?: bigint;
  /** Number of traces. */
  limit: number;
}
