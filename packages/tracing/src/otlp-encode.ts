import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  SpanStatusCode,
} from "@opentelemetry/api";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace";
import { ProtobufWriter } from "./protobuf-writer.ts";

/**
 * Spans as an ExportTraceServiceRequest (opentelemetry-proto 1.11, collector/trace/v1), grouped by resource and scope.
 * The writer fills its buffer from the end, so each message's fields are written last to first.
 */
export function encodeSpans(spans: readonly ReadableSpan[]): Uint8Array {
  const writer = new ProtobufWriter();
  const byResource = Map.groupBy(spans, (span) => span.resource);
  for (const [resource, ofResource] of [...byResource].reverse()) {
    writer.message(1, () => {
      const byScope = Map.groupBy(ofResource, (span) => span.instrumentationScope);
      for (const [scope, ofScope] of [...byScope].reverse()) {
        writer.message(2, () => {
          if (scope.schemaUrl !== undefined) writer.string(3, scope.schemaUrl);
          for (const span of ofScope.toReversed()) writer.message(2, () => writeSpan(writer, span));
          writer.message(1, () => {
            if (scope.version !== undefined) writer.string(2, scope.version);
            writer.string(1, scope.name);
          });
        });
      }
      writer.message(1, () => writeAttributes(writer, 1, resource.attributes));
    });
  }
  return writer.bytes();
}

function writeSpan(writer: ProtobufWriter, span: ReadableSpan): void {
  const context = span.spanContext();
  writer.fixed32(16, flagsOf(context, span.parentSpanContext?.isRemote));
  writer.message(15, () => {
    if (span.status.code !== SpanStatusCode.UNSET) writer.uint(3, span.status.code);
    if (span.status.message) writer.string(2, span.status.message);
  });
  if (span.droppedLinksCount > 0) writer.uint(14, span.droppedLinksCount);
  for (const link of span.links.toReversed()) writer.message(13, () => writeLink(writer, link));
  if (span.droppedEventsCount > 0) writer.uint(12, span.droppedEventsCount);
  for (const event of span.events.toReversed()) writer.message(11, () => writeEvent(writer, event));
  if (span.droppedAttributesCount > 0) writer.uint(10, span.droppedAttributesCount);
  writeAttributes(writer, 9, span.attributes);
  writer.fixed64(8, nanos(span.endTime));
  writer.fixed64(7, nanos(span.startTime));
  // The API counts kinds from INTERNAL = 0, OTLP from UNSPECIFIED = 0.
  writer.uint(6, span.kind + 1);
  writer.string(5, span.name);
  if (span.parentSpanContext !== undefined) writer.hex(4, span.parentSpanContext.spanId);
  const state = context.traceState?.serialize();
  if (state) writer.string(3, state);
  writer.hex(2, context.spanId);
  writer.hex(1, context.traceId);
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  if (event.droppedAttributesCount) writer.uint(4, event.droppedAttributesCount);
  writeAttributes(writer, 3, event.attributes ?? {});
  writer.string(2, event.name);
  writer.fixed64(1, nanos(event.time));
}

function writeLink(writer: ProtobufWriter, link: Link): void {
  writer.fixed32(6, flagsOf(link.context, link.context.isRemote));
  if (link.droppedAttributesCount) writer.uint(5, link.droppedAttributesCount);
  writeAttributes(writer, 4, link.attributes ?? {});
  const state = link.context.traceState?.serialize();
  if (state) writer.string(3, state);
  writer.hex(2, link.context.spanId);
  writer.hex(1, link.context.traceId);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes).reverse()) {
    writer.message(field, () => {
      writer.message(2, () => writeValue(writer, value));
      writer.string(1, key);
    });
  }
}

/** AnyValue: whole numbers are int64, others double; what is none of its kinds is the empty value. */
function writeValue(writer: ProtobufWriter, value: unknown): void {
  if (typeof value === "string") writer.string(1, value);
  else if (typeof value === "boolean") writer.uint(2, value ? 1 : 0);
  else if (typeof value === "number" && Number.isSafeInteger(value)) writer.int(3, value);
  else if (typeof value === "number") writer.double(4, value);
  else if (value instanceof Uint8Array) writer.lengthDelimited(7, value);
  else if (Array.isArray(value)) {
    writer.message(5, () => {
      for (const item of value.toReversed()) writer.message(1, () => writeValue(writer, item));
    });
  } else if (typeof value === "object" && value !== null) {
    writer.message(6, () => writeAttributes(writer, 1, value as Attributes));
  }
}

/** The low byte is W3C's trace flags; bit 8 says that bit 9 (the parent or linked context is remote) is known. */
function flagsOf({ traceFlags }: SpanContext, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote === true ? 0x200 : 0);
}

function nanos([seconds, nanoseconds]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

/** `rejected_spans` of an ExportTraceServiceResponse; 0 where it says nothing of them. */
export function rejectedSpans(response: Uint8Array): number {
  const partial = fieldOf(response, 1);
  const rejected = partial instanceof Uint8Array ? fieldOf(partial, 1) : 0;
  return typeof rejected === "number" ? rejected : 0;
}

/** The last varint or message of that number; fields of other kinds end the look. */
function fieldOf(message: Uint8Array, wanted: number): number | Uint8Array | undefined {
  let found: number | Uint8Array | undefined;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind !== 0 && kind !== 2) return found;
    const value = varint();
    const content = kind === 0 ? value : message.subarray(at, at + value);
    if (kind === 2) at += value;
    if (tag >>> 3 === wanted) found = content;
  }
  return found;
}
