import { readWholeValue } from "../decode/otlp-protobuf.ts";
import { ProtobufReader } from "../decode/protobuf-reader.ts";
import { ProtobufWriter } from "../decode/protobuf-writer.ts";
import type { AttributeValue, EventRecord, KeyValue, LinkRecord, ScopeRecord, SpanRecord } from "../model.ts";

/** Encodes spans as OTLP's TracesData; neighbours that share resource and scope objects share a ScopeSpans. */
export function encodeBatch(spans: readonly SpanRecord[]): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter(256 + spans.length * 384);
  for (const [resource, ofResource] of runs(spans, (span) => span.resource)) {
    writer.message(1, () => {
      writer.message(1, () => {
        writeAttributes(writer, 1, resource.attributes);
        writeNumber(writer, 2, resource.droppedAttributesCount);
      });
      for (const [scope, ofScope] of runs(ofResource, (span) => span.scope)) {
        writer.message(2, () => {
          writeScope(writer, scope);
          for (const span of ofScope) writer.message(2, () => writeSpan(writer, span));
          writeText(writer, 3, scope.schemaUrl);
        });
      }
      writeText(writer, 3, resource.schemaUrl);
    });
  }
  return writer.finish();
}

/** One value as OTLP's AnyValue. */
export function encodeValue(value: AttributeValue): Uint8Array {
  const writer = new ProtobufWriter(64);
  writeValue(writer, value);
  return writer.finish();
}

export function decodeValue(bytes: Uint8Array): AttributeValue {
  return readWholeValue(new ProtobufReader(bytes));
}

/** Splits a list into runs of neighbours that have the same `part`. */
function runs<P>(
  spans: readonly SpanRecord[],
  part: (span: SpanRecord) => P,
): [part: P, spans: SpanRecord[]][] {
  const found: [P, SpanRecord[]][] = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last !== undefined && last[0] === part(span)) last[1].push(span);
    else found.push([part(span), [span]]);
  }
  return found;
}

function writeScope(writer: ProtobufWriter, scope: ScopeRecord): void {
  writer.message(1, () => {
    writeText(writer, 1, scope.name);
    writeText(writer, 2, scope.version);
    writeAttributes(writer, 3, scope.attributes);
    writeNumber(writer, 4, scope.droppedAttributesCount);
  });
}

function writeSpan(writer: ProtobufWriter, span: SpanRecord): void {
  writer.hex(1, span.traceId);
  writer.hex(2, span.spanId);
  writeText(writer, 3, span.traceState);
  if (span.parentSpanId !== "") writer.hex(4, span.parentSpanId);
  writeText(writer, 5, span.name);
  writeNumber(writer, 6, span.kind);
  writer.fixed64(7, span.startUnixNano);
  writer.fixed64(8, span.endUnixNano);
  writeAttributes(writer, 9, span.attributes);
  writeNumber(writer, 10, span.droppedAttributesCount);
  for (const event of span.events) writer.message(11, () => writeEvent(writer, event));
  writeNumber(writer, 12, span.droppedEventsCount);
  for (const link of span.links) writer.message(13, () => writeLink(writer, link));
  writeNumber(writer, 14, span.droppedLinksCount);
  if (span.statusCode !== 0 || span.statusMessage !== "") {
    writer.message(15, () => {
      writeText(writer, 2, span.statusMessage);
      writeNumber(writer, 3, span.statusCode);
    });
  }
  if (span.flags !== 0) writer.fixed32(16, span.flags);
}

function writeEvent(writer: ProtobufWriter, event: EventRecord): void {
  writer.fixed64(1, event.timeUnixNano);
  writeText(writer, 2, event.name);
  writeAttributes(writer, 3, event.attributes);
  writeNumber(writer, 4, event.droppedAttributesCount);
}

function writeLink(writer: ProtobufWriter, link: LinkRecord): void {
  writer.hex(1, link.traceId);
  writer.hex(2, link.spanId);
  writeText(writer, 3, link.traceState);
  writeAttributes(writer, 4, link.attributes);
  writeNumber(writer, 5, link.droppedAttributesCount);
  if (link.flags !== 0) writer.fixed32(6, link.flags);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: readonly KeyValue[]): void {
  for (const attribute of attributes) {
    writer.message(field, () => {
      writer.string(1, attribute.key);
      writer.message(2, () => writeValue(writer, attribute.value));
    });
  }
}

function writeValue(writer: ProtobufWriter, value: AttributeValue): void {
  switch (value.type) {
    case "string":
      return writer.string(1, value.value);
    case "bool":
      return writer.bool(2, value.value);
    case "int":
      return writer.int64(3, value.value);
    case "double":
      return writer.double(4, value.value);
    case "array":
      return writer.message(5, () => {
        for (const item of value.value) writer.message(1, () => writeValue(writer, item));
      });
    case "map":
      return writer.message(6, () => writeAttributes(writer, 1, value.value));
    case "bytes":
      return writer.bytesField(7, value.value);
    case "empty":
      return;
  }
}

function writeText(writer: ProtobufWriter, field: number, value: string): void {
  if (value !== "") writer.string(field, value);
}

function writeNumber(writer: ProtobufWriter, field: number, value: number): void {
  if (value !== 0) writer.uint32(field, value);
}
