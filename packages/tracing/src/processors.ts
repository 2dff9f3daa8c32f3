import type { Context } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";
import type { TracingLogger } from "./logger.ts";
import { traceStartOf } from "./propagation.ts";

/** Slow means the trace: from its root's start to now. One clock per trace that has a span under way here. */
export class SlowTraceProcessor implements SpanProcessor {
  private readonly clocks = new Map<string, { startMs: number; live: number; slow: boolean }>();
  private readonly thresholdMs: number;
  private readonly logger: TracingLogger;

  constructor(thresholdMs: number, logger: TracingLogger) {
    this.thresholdMs = thresholdMs;
    this.logger = logger;
  }

  onStart(span: Span, parentContext: Context): void {
    const { traceId } = span.spanContext();
    const clock = this.clocks.get(traceId);
    if (clock !== undefined) {
      clock.live++;
      return;
    }
    const startMs = traceStartOf(parentContext) ?? Date.now();
    this.clocks.set(traceId, { startMs, live: 1, slow: false });
  }

  /** Each span says what was known of its trace when it ended. */
  onEnding(span: Span): void {
    const { traceId } = span.spanContext();
    const clock = this.clocks.get(traceId);
    if (clock === undefined) return;
    const elapsedMs = Date.now() - clock.startMs;
    const slow = elapsedMs > this.thresholdMs;
    span.setAttribute("slow_trace", slow);
    if (slow && !clock.slow) {
      clock.slow = true;
      this.logger.warn(
        { trace_id: traceId, span: span.name, elapsed_ms: elapsedMs, threshold_ms: this.thresholdMs },
        "slow trace",
      );
    }
  }

  onEnd(span: ReadableSpan): void {
    const { traceId } = span.spanContext();
    const clock = this.clocks.get(traceId);
    if (clock !== undefined && --clock.live === 0) this.clocks.delete(traceId);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.clocks.clear();
    return Promise.resolve();
  }
}

/** Logs at debug which sensitive keys a span carried; the exporter is what hides their values. */
export class RedactionSpanProcessor implements SpanProcessor {
  private readonly redactor: Redactor;
  private readonly logger: TracingLogger;

  constructor(redactor: Redactor, logger: TracingLogger) {
    this.redactor = redactor;
    this.logger = logger;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const keys = Object.keys(span.attributes).filter((key) => this.redactor.isSensitiveKey(key));
    if (keys.length > 0) {
      const { traceId, spanId } = span.spanContext();
      this.logger.debug({ trace_id: traceId, span_id: spanId, keys }, "sensitive attributes are redacted");
    }
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
