import type { Metrics, Readings } from "@throughline/api/metrics";
import type { TracingCounts } from "@throughline/tracing";

/** What became of this process's own spans; names from the SDK metrics conventions. */
export function spanMetrics(metrics: Metrics, counts: () => TracingCounts): void {
  const gauge = (name: string, help: string, of: (counts: TracingCounts) => number): void =>
    metrics.gauge(name, help, [], () => [[[], of(counts())]]);
  const counted = (name: string, help: string, of: (counts: TracingCounts) => number): void =>
    metrics.counted(name, help, [], () => [[[], of(counts())]]);

  metrics.counted(
    "otel_sdk_span_started_total",
    "Spans that began, by sampling.",
    ["otel_span_sampling_result"],
    () => [
      [["RECORD_AND_SAMPLE"], counts().startedSampled],
      [["RECORD_ONLY"], counts().startedUnsampled],
    ],
  );
  gauge("otel_sdk_span_live", "Spans under way.", ({ live }) => live);
  metrics.counted(
    "otel_sdk_processor_span_processed_total",
    "Spans given to the export queue; error_type says why one was dropped.",
    ["error_type"],
    () => processed(counts()),
  );
  gauge("otel_sdk_processor_span_queue_size", "Spans that wait for export.", ({ queued }) => queued);
  gauge(
    "otel_sdk_processor_span_queue_capacity",
    "Spans that may wait.",
    ({ queueCapacity }) => queueCapacity,
  );
  gauge("otel_sdk_exporter_span_inflight", "Spans on their way.", ({ inFlight }) => inFlight);
  metrics.counted(
    "otel_sdk_exporter_span_exported_total",
    "Spans that the trace backend took; error_type says why it did not.",
    ["error_type"],
    () => exported(counts()),
  );
  metrics.distribution(
    "otel_sdk_exporter_operation_duration_seconds",
    "Export requests, retries included.",
    () => counts().exports,
  );
  counted(
    "throughline_span_exports_failed_total",
    "Export requests that the trace backend did not take, retries included.",
    ({ exports }) => exports.failed,
  );
  counted(
    "throughline_spans_dropped_total",
    "Spans lost before the trace backend took them.",
    ({ dropped }) => dropped,
  );
  counted("throughline_spans_spilled_total", "Spans written to the spill file.", ({ spilled }) => spilled);
  counted(
    "throughline_unsampled_spans_forgotten_total",
    "Unsampled spans given up for want of room before it was known whether their ticket failed.",
    ({ unsampledOverflow }) => unsampledOverflow,
  );
}

function processed({ ended, droppedBy }: TracingCounts): Readings {
  return [
    [[""], ended - droppedBy.queue_full - droppedBy.not_encodable - droppedBy.after_shutdown],
    [["queue_full"], droppedBy.queue_full],
    [["not_encodable"], droppedBy.not_encodable],
    [["already_shutdown"], droppedBy.after_shutdown],
  ];
}

function exported({ exported: sent, droppedBy }: TracingCounts): Readings {
  return [
    [[""], sent],
    [["refused"], droppedBy.refused],
    [["rejected"], droppedBy.rejected],
    [["unreachable"], droppedBy.unreachable],
    [["spill_full"], droppedBy.spill_full],
    [["spill_failed"], droppedBy.spill_failed],
    [["shut_down"], droppedBy.shut_down],
  ];
}
