import { type Link, type SpanContext, SpanStatusCode } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";
import { keptTraceState } from "../sampling/kept.ts";
import { type KeptReason, otlpFlags, slowKey, type SpanBatch } from "./span-batch.ts";

type Json = string | number | boolean | Json[] | { [key: string]: Json | undefined };

interface Waiting {
  scope: InstrumentationScope;
  traceId: string;
  /** The span's object, open at the end: what is missing is `slow_trace` and the brackets. */
  text: string;
  isSlow: boolean;
}

/**
 * Spans as the JSON of an ExportTraceServiceRequest (OTLP specification, "JSON Protobuf Encoding"): names in lowerCamelCase, ids in
 * hex, 64-bit numbers as strings, enums as numbers. Redacted and encoded when a span ends.
 */
export class JsonBatch implements SpanBatch {
  bytes = 0;
  private readonly redactor: Redactor;
  private readonly resource: Readonly<Record<string, unknown>>;
  private readonly waiting: Waiting[] = [];
  private dropped = 0;

  constructor(redactor: Redactor, resource: Readonly<Record<string, unknown>>) {
    this.redactor = redactor;
    this.resource = resource;
  }

  get count(): number {
    return this.waiting.length - this.dropped;
  }

  add(span: ReadableSpan, isSlow: boolean, kept?: KeptReason): void {
    const { traceId } = span.spanContext();
    const attributes = this.attributes(span.attributes);
    if (kept !== undefined) attributes.push({ key: "sampling.reason", value: { stringValue: kept } });
    const text = JSON.stringify({ ...this.span(span, kept), attributes });
    // Attributes are the last member: `...,"attributes":[...` stays open for the tag.
    this.waiting.push({ scope: span.instrumentationScope, traceId, text: text.slice(0, -2), isSlow });
    this.bytes += text.length;
  }

  dropOldest(): void {
    if (this.dropped < this.waiting.length) this.dropped++;
  }

  body(isSlow: (traceId: string) => boolean): Uint8Array {
    const scopes = Map.groupBy(this.waiting.slice(this.dropped), ({ scope }) => scope);
    const scopeSpans = [...scopes].map(([scope, spans]) => {
      const texts = spans.map((span) => closed(span, span.isSlow || isSlow(span.traceId)));
      const schema = scope.schemaUrl === undefined ? "" : `,"schemaUrl":${JSON.stringify(scope.schemaUrl)}`;
      const named = JSON.stringify({ name: scope.name, version: scope.version });
      return `{"scope":${named},"spans":[${texts.join(",")}]${schema}}`;
    });
    const resource = JSON.stringify({ attributes: this.attributes(this.resource) });
    return Buffer.from(`{"resourceSpans":[{"resource":${resource},"scopeSpans":[${scopeSpans.join(",")}]}]}`);
  }

  private span(span: ReadableSpan, kept: KeptReason | undefined): { [key: string]: Json | undefined } {
    const context = span.spanContext();
    const { code, message } = span.status;
    const flags = kept === undefined ? context.traceFlags : context.traceFlags | 1;
    return {
      traceId: context.traceId,
      spanId: context.spanId,
      traceState: kept === undefined ? stateText(context) : keptTraceState(context.traceState),
      parentSpanId: span.parentSpanContext?.spanId,
      flags: otlpFlags(flags, span.parentSpanContext?.isRemote),
      name: this.redactor.text(span.name),
      kind: span.kind + 1,
      startTimeUnixNano: nanos(span.startTime),
      endTimeUnixNano: nanos(span.endTime),
      droppedAttributesCount: span.droppedAttributesCount || undefined,
      events: span.events.map((event) => this.event(event)),
      droppedEventsCount: span.droppedEventsCount || undefined,
      links: span.links.map((link) => this.link(link)),
      droppedLinksCount: span.droppedLinksCount || undefined,
      status: {
        ...(code === SpanStatusCode.UNSET ? {} : { code }),
        ...(message === undefined ? {} : { message: this.redactor.text(message) }),
      },
    };
  }

  private event(event: TimedEvent): Json {
    return {
      timeUnixNano: nanos(event.time),
      name: this.redactor.text(event.name),
      attributes: this.attributes(event.attributes ?? {}),
      droppedAttributesCount: event.droppedAttributesCount || undefined,
    };
  }

  private link(link: Link): Json {
    return {
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      traceState: stateText(link.context),
      attributes: this.attributes(link.attributes ?? {}),
      droppedAttributesCount: link.droppedAttributesCount || undefined,
      flags: otlpFlags(link.context.traceFlags, link.context.isRemote),
    };
  }

  private attributes(attributes: Readonly<Record<string, unknown>>): Json[] {
    const out: Json[] = [];
    for (const [key, value] of Object.entries(attributes)) {
      const clean = key === slowKey ? undefined : this.redactor.value(key, value);
      if (clean !== undefined) out.push({ key: this.redactor.key(key), value: anyValue(clean) });
    }
    return out;
  }
}

function closed({ text }: Waiting, slow: boolean): string {
  const comma = text.endsWith("[") ? "" : ",";
  return `${text}${comma}{"key":"${slowKey}","value":{"boolValue":${slow}}}]}`;
}

function anyValue(value: unknown): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return { intValue: String(value) };
    // The names of proto3's JSON mapping for what JSON has no number for.
    return { doubleValue: Number.isFinite(value) ? value : String(value) };
  }
  if (typeof value === "bigint")
    return BigInt.asIntN(64, value) === value ? { intValue: String(value) } : { stringValue: String(value) };
  return typeof value === "object" && value !== null ? structure(value) : {};
}

function structure(value: object): Json {
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return {
    kvlistValue: { values: Object.entries(value).map(([key, item]) => ({ key, value: anyValue(item) })) },
  };
}

function stateText({ traceState }: SpanContext): string | undefined {
  return traceState?.serialize() || undefined;
}

function nanos([seconds, nanoseconds]: [number, number]): string {
  return seconds === 0 ? String(nanoseconds) : `${seconds}${String(nanoseconds).padStart(9, "0")}`;
}
