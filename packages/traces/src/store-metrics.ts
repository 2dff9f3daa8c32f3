import type { Histogram, Metrics } from "@throughline/api/metrics";
import type { SpanReader } from "./query/reader.ts";
import type { EngineStats } from "./threads/engine.ts";
import type { Tls } from "./tls.ts";

/** Queries are cut off after 30 s. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What the store of this process holds; its figures are at most a second old. */
export function storeMetrics(
  metrics: Metrics,
  stats: () => EngineStats,
  retention: {
    promisedMs: number;
    /** When the newest span came that was deleted, milliseconds since the epoch; undefined where none was. */
    removedUntilMs: () => number | undefined;
  },
): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(`throughline_traces_${name}`, help, [], () => [[[], read()]]);
  gauge("wal_bytes", "Size of the write-ahead log.", () => stats().logBytes);
  gauge("spans_in_memory", "Spans that are not in a block yet.", () => stats().rows);
  gauge("blocks", "Sealed blocks.", () => stats().blocks);
  gauge("block_bytes", "Size of the sealed blocks.", () => stats().blockBytes);
  gauge("block_spans", "Spans in the sealed blocks.", () => stats().blockSpans);
  gauge("retention_promised_seconds", "How long spans are to be kept.", () => retention.promisedMs / 1_000);
  gauge(
    "retained_seconds",
    "How long ago the newest of the spans came that were deleted for their age or for room; +Inf while none was.",
    () => (Date.now() - (retention.removedUntilMs() ?? Number.NEGATIVE_INFINITY)) / 1_000,
  );
}

/** When listeners' certificates end; nothing where there is no TLS. */
export function certificateMetrics(
  metrics: Metrics,
  listeners: Readonly<Record<string, Tls | undefined>>,
): void {
  metrics.gauge(
    "throughline_tls_certificate_expiry_timestamp_seconds",
    "When the certificate of a listener ends, seconds since the epoch.",
    ["listener"],
    () =>
      Object.entries(listeners).flatMap(([name, tls]) =>
        tls === undefined ? [] : [[[name], tls.expiresAtMs() / 1_000] as const],
      ),
  );
}

/** Readers that tell how long each question took. */
export function readerMeter(metrics: Metrics): (reader: SpanReader) => SpanReader {
  const durations = metrics.histogram(
    "throughline_traces_query_duration_seconds",
    "Seconds that a question to the store took, by kind and outcome.",
    ["query", "outcome"],
    durationBounds,
  );
  return (reader) => measured(reader, durations);
}

function measured(reader: SpanReader, durations: Histogram): SpanReader {
  const timed = async <T>(query: string, work: Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    let outcome = "failed";
    try {
      const answer = await work;
      outcome = "answered";
      return answer;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") outcome = "abandoned";
      throw error;
    } finally {
      durations.observe((performance.now() - startedMs) / 1_000, [query, outcome]);
    }
  };
  return {
    traces: (...args) => timed("traces", reader.traces(...args)),
    columns: (...args) => timed("columns", reader.columns(...args)),
    search: (...args) => timed("search", reader.search(...args)),
    services: (...args) => timed("services", reader.services(...args)),
    operations: (...args) => timed("operations", reader.operations(...args)),
    attributeKeys: (...args) => timed("attribute_keys", reader.attributeKeys(...args)),
    attributeValues: (...args) => timed("attribute_values", reader.attributeValues(...args)),
    red: (...args) => timed("red", reader.red(...args)),
    metrics: (...args) => timed("metrics", reader.metrics(...args)),
    edges: (...args) => timed("edges", reader.edges(...args)),
    // Where the reader has it.
    ...(reader.texts && { texts: (query, options) => timed("texts", textsOf(reader, query, options)) }),
  };
}

async function textsOf(reader: SpanReader, ...args: Parameters<NonNullable<SpanReader["texts"]>>) {
  return (await reader.texts?.(...args)) ?? [];
}
