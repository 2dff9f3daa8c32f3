import { isSpanContextValid, trace } from "@opentelemetry/api";

/** For pino's `mixin`: the active span's ids in each line. `pino({ mixin: logCorrelation })`. */
export function logCorrelation(): { trace_id?: string; span_id?: string; trace_flags?: string } {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: (span.traceFlags & 0xff).toString(16).padStart(2, "0"),
  };
}
