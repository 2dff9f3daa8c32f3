import type { Attributes, Link } from "@opentelemetry/api";
import type { ExportResult } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter, TimedEvent } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";

/**
 * Redacts every string of a span (name, status message, attributes, events, links) before it is forwarded, and tags
 * `slow_trace=true` on what leaves after its trace became slow. Spans are not changed: a cleaned view is forwarded.
 */
export class RedactionAndSlowTraceExporter implements SpanExporter {
  private readonly inner: SpanExporter;
  private readonly redactor: Redactor;

  constructor(inner: SpanExporter, redactor: Redactor) {
    this.inner = inner;
    this.redactor = redactor;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const slow = new Set<string>();
    for (const span of spans)
      if (span.attributes["slow_trace"] === true) slow.add(span.spanContext().traceId);
    this.inner.export(
      spans.map((span) => this.cleaned(span, slow.has(span.spanContext().traceId))),
      done,
    );
  }

  async forceFlush(): Promise<void> {
    await this.inner.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }

  private cleaned(span: ReadableSpan, slow: boolean): ReadableSpan {
    const attributes = this.attributes(span.attributes);
    return {
      name: this.redactor.text(span.name),
      kind: span.kind,
      spanContext: () => span.spanContext(),
      ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
      startTime: span.startTime,
      endTime: span.endTime,
      status:
        span.status.message === undefined
          ? span.status
          : { ...span.status, message: this.redactor.text(span.status.message) },
      attributes: slow ? { ...attributes, slow_trace: true } : attributes,
      links: span.links.map((link) => this.link(link)),
      events: span.events.map((event) => this.event(event)),
      duration: span.duration,
      ended: span.ended,
      resource: span.resource,
      instrumentationScope: span.instrumentationScope,
      droppedAttributesCount: span.droppedAttributesCount,
      droppedEventsCount: span.droppedEventsCount,
      droppedLinksCount: span.droppedLinksCount,
    };
  }

  private event(event: TimedEvent): TimedEvent {
    const { attributes } = event;
    return {
      ...event,
      name: this.redactor.text(event.name),
      ...(attributes === undefined ? {} : { attributes: this.attributes(attributes) }),
    };
  }

  private link(link: Link): Link {
    return link.attributes === undefined ? link : { ...link, attributes: this.attributes(link.attributes) };
  }

  private attributes(attributes: Attributes): Attributes {
    const out: Attributes = {};
    for (const [key, value] of Object.entries(attributes)) out[key] = this.value(key, value);
    return out;
  }

  /** Numbers and booleans under a sensitive key stay: they are counts and switches. Anything else is hidden whole. */
  private value(key: string, value: unknown): unknown {
    if (typeof value === "string") return this.redactor.string(key, value);
    if (typeof value !== "object" || value === null) return value;
    if (this.redactor.isSensitiveKey(key)) return this.redactor.string(key, "");
    if (Array.isArray(value)) return value.map((item) => this.value(key, item));
    if (value instanceof Uint8Array) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.value(name, item)]));
  }
}
