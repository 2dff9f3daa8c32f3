import type { TracingCounts } from "@throughline/tracing";

/** What became of this process's own spans, in Prometheus' text format; names from the SDK metrics conventions. */
export function spanMetrics(counts: TracingCounts): string {
  const { droppedBy, exports } = counts;
  const processed = {
    "": counts.ended - droppedBy.queue_full - droppedBy.not_encodable - droppedBy.after_shutdown,
    queue_full: droppedBy.queue_full,
    not_encodable: droppedBy.not_encodable,
    already_shutdown: droppedBy.after_shutdown,
  };
  const exported = {
    "": counts.exported,
    refused: droppedBy.refused,
    rejected: droppedBy.rejected,
    unreachable: droppedBy.unreachable,
    spill_full: droppedBy.spill_full,
    spill_failed: droppedBy.spill_failed,
    shut_down: droppedBy.shut_down,
  };
  return [
    ...family("otel_sdk_span_started_total", "counter", "Spans that began, by sampling.", [
      [`{otel_span_sampling_result="RECORD_AND_SAMPLE"}`, counts.startedSampled],
      [`{otel_span_sampling_result="RECORD_ONLY"}`, counts.startedUnsampled],
    ]),
    ...family("otel_sdk_span_live", "gauge", "Spans under way.", [["", counts.live]]),
    ...family(
      "otel_sdk_processor_span_processed_total",
      "counter",
      "Spans given to the export queue; error_type says why one was dropped.",
      byError(processed),
    ),
    ...family("otel_sdk_processor_span_queue_size", "gauge", "Spans that wait for export.", [
      ["", counts.queued],
    ]),
    ...family("otel_sdk_processor_span_queue_capacity", "gauge", "Spans that may wait.", [
      ["", counts.queueCapacity],
    ]),
    ...family("otel_sdk_exporter_span_inflight", "gauge", "Spans on their way.", [["", counts.inFlight]]),
    ...family(
      "otel_sdk_exporter_span_exported_total",
      "counter",
      "Spans that the trace backend took; error_type says why it did not.",
      byError(exported),
    ),
    "# HELP otel_sdk_exporter_operation_duration_seconds Export requests, retries included.",
    "# TYPE otel_sdk_exporter_operation_duration_seconds histogram",
    ...cumulative(exports.bounds, exports.counts),
    `otel_sdk_exporter_operation_duration_seconds_sum ${exports.sum}`,
    `otel_sdk_exporter_operation_duration_seconds_count ${exports.counts.reduce((sum, count) => sum + count, 0)}`,
    ...family(
      "throughline_spans_dropped_total",
      "counter",
      "Spans lost before the trace backend took them.",
      [["", counts.dropped]],
    ),
    ...family("throughline_spans_spilled_total", "counter", "Spans written to the spill file.", [
      ["", counts.spilled],
    ]),
    ...family(
      "throughline_unsampled_spans_forgotten_total",
      "counter",
      "Unsampled spans given up for want of room before it was known whether their ticket failed.",
      [["", counts.unsampledOverflow]],
    ),
    "",
  ].join("\n");
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  values: readonly (readonly [labels: string, value: number])[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

function byError(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).map(([error, count]) => [
    error === "" ? "" : `{error_type="${error}"}`,
    count,
  ]);
}

function cumulative(bounds: readonly number[], counts: readonly number[]): string[] {
  let sum = 0;
  return [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
    sum += counts[at] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
    return `otel_sdk_exporter_operation_duration_seconds_bucket{le="${le}"} ${sum}`;
  });
}
