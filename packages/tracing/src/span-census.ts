import { TraceFlags } from "@opentelemetry/api";
import type { Span, SpanProcessor } from "@opentelemetry/sdk-trace";

/** Counts spans as they start and end: `otel.sdk.span.started` and `otel.sdk.span.live` of the SDK metrics conventions. */
export class SpanCensus implements SpanProcessor {
  startedSampled = 0;
  startedUnsampled = 0;
  private endedSpans = 0;

  get live(): number {
    return this.startedSampled + this.startedUnsampled - this.endedSpans;
  }

  onStart(span: Span): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) this.startedUnsampled++;
    else this.startedSampled++;
  }

  onEnd(): void {
    this.endedSpans++;
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
