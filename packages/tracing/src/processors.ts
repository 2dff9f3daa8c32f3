import type { Attributes, Context } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";
import type { TracingLogger } from "./logger.ts";
import type { SlowTraces } from "./slow-traces.ts";

/** Keeps the clocks of the traces under way and logs one structured line for each trace that becomes slow. */
export class SlowTraceProcessor implements SpanProcessor {
  private readonly traces: SlowTraces;
  private readonly logger: TracingLogger;

  constructor(traces: SlowTraces, logger: TracingLogger) {
    this.traces = traces;
    this.logger = logger;
  }

  onStart(span: Span, parentContext: Context): void {
    this.traces.started(span, parentContext);
  }

  onEnd(span: ReadableSpan): void {
    const found = this.traces.ended(span);
    if (found === undefined) return;
    const { traceId, spanId } = span.spanContext();
    this.logger.warn(
      {
        trace_id: traceId,
        span_id: spanId,
        span: span.name,
        elapsed_ms: Math.round(found.elapsedMs),
        threshold_ms: found.thresholdMs,
      },
      "slow trace",
    );
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.traces.clear();
    return Promise.resolve();
  }
}

/**
 * Tells at debug which sensitive keys a span carried: names of keys, never values. The exporter is what hides them, and the
 * redactor counts what it hid.
 */
export class RedactionSpanProcessor implements SpanProcessor {
  private readonly redactor: Redactor;
  private readonly traces: SlowTraces;
  private readonly logger: TracingLogger;

  constructor(redactor: Redactor, traces: SlowTraces, logger: TracingLogger) {
    this.redactor = redactor;
    this.traces = traces;
    this.logger = logger;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    // Looking at every key is for those who read the lines.
    if (this.logger.isLevelEnabled?.("debug") === false) return;
    const keys = this.sensitive(span.attributes);
    for (const { attributes } of span.events) keys.push(...this.sensitive(attributes ?? {}));
    if (keys.length === 0) return;
    const { traceId } = span.spanContext();
    const slow = this.traces.isSlow(traceId);
    this.logger.debug(
      { trace_id: traceId, span: span.name, keys, slow_trace: slow },
      `Span ${span.name}: redacted ${keys.length} keys, slow_trace=${slow}`,
    );
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  private sensitive(attributes: Attributes): string[] {
    return Object.keys(attributes).filter((key) => this.redactor.isSensitiveKey(key));
  }
}
