import type { Meter } from "@opentelemetry/api";
import type { RedactionCounts, Redactor } from "@throughline/redaction";
import type { SpanCensus } from "./span-census.ts";
import { type DroppedSpans, durationBounds, SpanCounters } from "./span-counters.ts";
import type { TailBuffer } from "./tail-buffer.ts";

/** What the tracing of this process did so far; counts of spans unless said otherwise. */
export interface TracingCounts {
  startedSampled: number;
  /** Recorded, but not to be exported unless their trace fails or is slow. */
  startedUnsampled: number;
  /** Under way now. */
  live: number;
  /** Handed to the export queue. */
  ended: number;
  exported: number;
  /** All reasons together. */
  dropped: number;
  droppedBy: Readonly<DroppedSpans>;
  queued: number;
  queueCapacity: number;
  inFlight: number;
  /** Written to the spill file so far. */
  spilled: number;
  /** Unsampled spans forgotten for want of room before their trace was decided on. */
  unsampledOverflow: number;
  /** Export operations: how many by duration (`bounds` in seconds, the last bucket is unbounded), and their sum in seconds. */
  exports: { bounds: readonly number[]; counts: readonly number[]; sum: number; failed: number };
  /** undefined where tracing is disabled. */
  redaction: RedactionCounts | undefined;
}

/** Of a process that is not traced. */
export const noCounts: TracingCounts = {
  startedSampled: 0,
  startedUnsampled: 0,
  live: 0,
  ended: 0,
  exported: 0,
  dropped: 0,
  droppedBy: new SpanCounters().dropped,
  queued: 0,
  queueCapacity: 0,
  inFlight: 0,
  spilled: 0,
  unsampledOverflow: 0,
  exports: { bounds: durationBounds, counts: new SpanCounters().durations, sum: 0, failed: 0 },
  redaction: undefined,
};

/** All queues of the process together. */
export function countsOf(
  census: SpanCensus,
  queues: readonly { size: number; capacity: number; counters: SpanCounters }[],
  tail: TailBuffer,
  redactor: Redactor,
): TracingCounts {
  const all = queues.map(({ counters }) => counters);
  const droppedBy = { ...noCounts.droppedBy };
  for (const why of Object.keys(droppedBy) as (keyof DroppedSpans)[])
    droppedBy[why] = sum(all.map(({ dropped }) => dropped[why]));
  return {
    startedSampled: census.startedSampled,
    startedUnsampled: census.startedUnsampled,
    live: census.live,
    ended: sum(all.map(({ ended }) => ended)),
    exported: sum(all.map(({ exported }) => exported)),
    dropped: sum(Object.values(droppedBy)),
    droppedBy,
    queued: sum(queues.map(({ size }) => size)),
    queueCapacity: sum(queues.map(({ capacity }) => capacity)),
    inFlight: sum(all.map(({ inFlight }) => inFlight)),
    spilled: sum(all.map(({ spilled }) => spilled)),
    unsampledOverflow: tail.overflowed,
    exports: {
      bounds: durationBounds,
      counts: noCounts.exports.counts.map((_, at) => sum(all.map(({ durations }) => durations[at] ?? 0))),
      sum: sum(all.map(({ durationSum }) => durationSum)),
      failed: sum(all.map(({ operationsFailed }) => operationsFailed)),
    },
    redaction: redactor.counts(),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The counters as OpenTelemetry metrics (semantic conventions, "OpenTelemetry SDK metrics"), read when a reader asks. */
export function registerMetrics(meter: Meter, componentName: string, counts: () => TracingCounts): void {
  const component = {
    "otel.component.type": "batching_span_processor",
    "otel.component.name": componentName,
  };
  const observe = (
    instrument: ReturnType<Meter["createObservableCounter"]>,
    read: (counts: TracingCounts) => readonly (readonly [number, Record<string, string>])[],
  ) => {
    instrument.addCallback((result) => {
      for (const [value, attributes] of read(counts())) result.observe(value, attributes);
    });
  };
  const spans = { unit: "{span}" };
  observe(meter.createObservableCounter("otel.sdk.processor.span.processed", spans), (now) => [
    [
      now.ended - now.droppedBy.queue_full - now.droppedBy.not_encodable - now.droppedBy.after_shutdown,
      component,
    ],
    [now.droppedBy.queue_full, { ...component, "error.type": "queue_full" }],
    [now.droppedBy.not_encodable, { ...component, "error.type": "not_encodable" }],
    [now.droppedBy.after_shutdown, { ...component, "error.type": "already_shutdown" }],
  ]);
  observe(meter.createObservableUpDownCounter("otel.sdk.processor.span.queue.size", spans), (now) => [
    [now.queued, component],
  ]);
  observe(meter.createObservableUpDownCounter("otel.sdk.processor.span.queue.capacity", spans), (now) => [
    [now.queueCapacity, component],
  ]);
  const exporter = { "otel.component.type": "otlp_span_exporter", "otel.component.name": componentName };
  observe(meter.createObservableUpDownCounter("otel.sdk.exporter.span.inflight", spans), (now) => [
    [now.inFlight, exporter],
  ]);
  observe(meter.createObservableCounter("otel.sdk.exporter.span.exported", spans), (now) => [
    [now.exported, exporter],
    ...(["refused", "rejected", "unreachable", "spill_full", "spill_failed", "shut_down"] as const).map(
      (why) => [now.droppedBy[why], { ...exporter, "error.type": why }] as const,
    ),
  ]);
}
