import type { Attributes, Link } from "@opentelemetry/api";
import { type ExportResult, TraceState } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter, TimedEvent } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";
import { type KeptReason, slowKey } from "./encode/span-batch.ts";
import { keptTraceState } from "./sampling/kept.ts";

/**
 * Wraps an exporter of the SDK: every string of a span is redacted before it is forwarded, and what leaves after its trace became slow
 * carries `slow_trace=true`. Spans are not changed: a cleaned view is forwarded. (OTLP goes a shorter way: see encode/.)
 */
export class RedactionAndSlowTraceExporter implements SpanExporter {
  private readonly inner: SpanExporter;
  private readonly redactor: Redactor;
  private readonly isSlow: (traceId: string) => boolean;

  constructor(inner: SpanExporter, redactor: Redactor, isSlow: (traceId: string) => boolean) {
    this.inner = inner;
    this.redactor = redactor;
    this.isSlow = isSlow;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.inner.export(
      spans.map((span) => this.cleaned(span)),
      done,
    );
  }

  async forceFlush(): Promise<void> {
    await this.inner.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }

  private cleaned(span: ReadableSpan): ReadableSpan {
    const { message, code } = span.status;
    return view(span, {
      name: this.redactor.text(span.name),
      status: message === undefined ? span.status : { code, message: this.redactor.text(message) },
      attributes: { ...this.attributes(span.attributes), [slowKey]: this.isSlow(span.spanContext().traceId) },
      links: span.links.map((link) => this.link(link)),
      events: span.events.map((event) => this.event(event)),
    });
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
    for (const [key, value] of Object.entries(attributes)) {
      const clean = this.redactor.value(key, value);
      if (clean !== undefined) out[this.redactor.key(key)] = clean;
    }
    return out;
  }
}

/** A span that was not sampled, as it leaves all the same: it stands for itself alone. */
export function keptSpan(span: ReadableSpan, reason: KeptReason): ReadableSpan {
  const context = span.spanContext();
  const kept = {
    ...context,
    traceFlags: context.traceFlags | 1,
    traceState: new TraceState(keptTraceState(context.traceState)),
  };
  return view(span, {
    spanContext: () => kept,
    attributes: { ...span.attributes, "sampling.reason": reason },
  });
}

function view(span: ReadableSpan, changes: Partial<ReadableSpan>): ReadableSpan {
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes: span.attributes,
    links: span.links,
    events: span.events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
    ...changes,
  };
}
