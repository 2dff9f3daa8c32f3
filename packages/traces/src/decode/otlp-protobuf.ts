import type {
  AttributeValue,
  DecodedBatch,
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanRecord,
} from "../model.ts";
import { BatchBuilder, spanKind, statusCode } from "./batch-builder.ts";
import { ProtobufReader, wire } from "./protobuf-reader.ts";

/** Arrays and maps inside one another; deeper values make the request unreadable, as with protobuf's own parsers. */
export const valueDepthLimit = 32;

/**
 * Decodes an ExportTraceServiceRequest (the same bytes as TracesData), opentelemetry-proto 1.11.
 * Unknown fields are skipped, the last of a repeated single field wins, embedded messages merge.
 * Throws MalformedProtobufError.
 */
export function decodeOtlpProtobuf(bytes: Uint8Array): DecodedBatch {
  const reader = new ProtobufReader(bytes);
  const builder = new BatchBuilder();
  walkSpans(reader, (resource, scope) => builder.add(readSpan(reader, resource, scope)));
  return builder.batch();
}

/**
 * Calls `visit` for each span message, `reader` being inside of it. Resource and scope are the same objects for
 * every span below them.
 */
function walkSpans(
  reader: ProtobufReader,
  visit: (resource: ResourceRecord, scope: ScopeRecord) => void,
): void {
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) inside(reader, () => walkResourceSpans(reader, visit));
    else reader.skip();
  }
}

function walkResourceSpans(
  reader: ProtobufReader,
  visit: (resource: ResourceRecord, scope: ScopeRecord) => void,
): void {
  const resource: ResourceRecord = { attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
  // Fields may stand in any order, so the resource is read before the spans below it.
  const start = reader.position;
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) inside(reader, () => readResource(reader, resource));
    else if (reader.is(3, wire.bytes)) resource.schemaUrl = reader.string();
    else reader.skip();
  }
  reader.position = start;
  while (reader.next()) {
    if (reader.is(2, wire.bytes)) inside(reader, () => walkScopeSpans(reader, resource, visit));
    else reader.skip();
  }
}

function walkScopeSpans(
  reader: ProtobufReader,
  resource: ResourceRecord,
  visit: (resource: ResourceRecord, scope: ScopeRecord) => void,
): void {
  const scope: ScopeRecord = {
    name: "",
    version: "",
    attributes: [],
    droppedAttributesCount: 0,
    schemaUrl: "",
  };
  const start = reader.position;
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) inside(reader, () => readScope(reader, scope));
    else if (reader.is(3, wire.bytes)) scope.schemaUrl = reader.string();
    else reader.skip();
  }
  reader.position = start;
  while (reader.next()) {
    if (reader.is(2, wire.bytes)) inside(reader, () => visit(resource, scope));
    else reader.skip();
  }
}

/** Reads the Resource message that the reader is in. */
export function readResource(reader: ProtobufReader, into: ResourceRecord): void {
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) into.attributes.push(readAttribute(reader, 0));
    else if (reader.is(2, wire.varint)) into.droppedAttributesCount = reader.uint32();
    else reader.skip();
  }
}

/** Reads the InstrumentationScope message that the reader is in. */
export function readScope(reader: ProtobufReader, into: ScopeRecord): void {
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) into.name = reader.string();
    else if (reader.is(2, wire.bytes)) into.version = reader.string();
    else if (reader.is(3, wire.bytes)) into.attributes.push(readAttribute(reader, 0));
    else if (reader.is(4, wire.varint)) into.droppedAttributesCount = reader.uint32();
    else reader.skip();
  }
}

/** Reads the span message that the reader is in. Its ids are as sent: of any length. */
function readSpan(reader: ProtobufReader, resource: ResourceRecord, scope: ScopeRecord): SpanRecord {
  const span: SpanRecord = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    traceState: "",
    flags: 0,
    name: "",
    kind: 0,
    startUnixNano: 0n,
    endUnixNano: 0n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: "",
    resource,
    scope,
  };
  while (reader.next()) readSpanField(reader, span);
  return span;
}

function readSpanField(reader: ProtobufReader, span: SpanRecord): void {
  switch ((reader.field << 3) | reader.wire) {
    case (1 << 3) | wire.bytes:
      span.traceId = reader.hex();
      break;
    case (2 << 3) | wire.bytes:
      span.spanId = reader.hex();
      break;
    case (3 << 3) | wire.bytes:
      span.traceState = reader.string();
      break;
    case (4 << 3) | wire.bytes:
      span.parentSpanId = reader.hex();
      break;
    case (5 << 3) | wire.bytes:
      span.name = reader.string();
      break;
    case (6 << 3) | wire.varint:
      span.kind = spanKind(reader.uint32());
      break;
    case (7 << 3) | wire.fixed64:
      span.startUnixNano = reader.fixed64();
      break;
    case (8 << 3) | wire.fixed64:
      span.endUnixNano = reader.fixed64();
      break;
    case (9 << 3) | wire.bytes:
      span.attributes.push(readAttribute(reader, 0));
      break;
    case (10 << 3) | wire.varint:
      span.droppedAttributesCount = reader.uint32();
      break;
    case (11 << 3) | wire.bytes:
      span.events.push(readEvent(reader));
      break;
    case (12 << 3) | wire.varint:
      span.droppedEventsCount = reader.uint32();
      break;
    case (13 << 3) | wire.bytes:
      span.links.push(readLink(reader));
      break;
    case (14 << 3) | wire.varint:
      span.droppedLinksCount = reader.uint32();
      break;
    case (15 << 3) | wire.bytes:
      inside(reader, () => readStatus(reader, span));
      break;
    case (16 << 3) | wire.fixed32:
      span.flags = reader.fixed32();
      break;
    default:
      reader.skip();
  }
}

function readStatus(reader: ProtobufReader, span: SpanRecord): void {
  while (reader.next()) {
    if (reader.is(2, wire.bytes)) span.statusMessage = reader.string();
    else if (reader.is(3, wire.varint)) span.statusCode = statusCode(reader.uint32());
    else reader.skip();
  }
}

function readEvent(reader: ProtobufReader): EventRecord {
  const event: EventRecord = { timeUnixNano: 0n, name: "", attributes: [], droppedAttributesCount: 0 };
  const outerEnd = reader.enter();
  while (reader.next()) {
    if (reader.is(1, wire.fixed64)) event.timeUnixNano = reader.fixed64();
    else if (reader.is(2, wire.bytes)) event.name = reader.string();
    else if (reader.is(3, wire.bytes)) event.attributes.push(readAttribute(reader, 0));
    else if (reader.is(4, wire.varint)) event.droppedAttributesCount = reader.uint32();
    else reader.skip();
  }
  reader.leave(outerEnd);
  return event;
}

function readLink(reader: ProtobufReader): LinkRecord {
  const link: LinkRecord = {
    traceId: "",
    spanId: "",
    traceState: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  const outerEnd = reader.enter();
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) link.traceId = reader.hex();
    else if (reader.is(2, wire.bytes)) link.spanId = reader.hex();
    else if (reader.is(3, wire.bytes)) link.traceState = reader.string();
    else if (reader.is(4, wire.bytes)) link.attributes.push(readAttribute(reader, 0));
    else if (reader.is(5, wire.varint)) link.droppedAttributesCount = reader.uint32();
    else if (reader.is(6, wire.fixed32)) link.flags = reader.fixed32();
    else reader.skip();
  }
  reader.leave(outerEnd);
  return link;
}

function readAttribute(reader: ProtobufReader, depth: number): KeyValue {
  const outerEnd = reader.enter();
  const attribute = readKeyValue(reader, depth);
  reader.leave(outerEnd);
  return attribute;
}

/** Reads the KeyValue message that the reader is in. */
export function readKeyValue(reader: ProtobufReader, depth = 0): KeyValue {
  const attribute: KeyValue = { key: "", value: { type: "empty" } };
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) attribute.key = reader.string();
    else if (reader.is(2, wire.bytes)) attribute.value = readValue(reader, depth, attribute.value);
    else reader.skip();
  }
  return attribute;
}

/** `before`: the value that an earlier occurrence of the same field gave; an array or map is added to. */
function readValue(reader: ProtobufReader, depth: number, before: AttributeValue): AttributeValue {
  if (depth > valueDepthLimit) throw reader.malformed("attribute value nested too deeply");
  const outerEnd = reader.enter();
  const value = readValueFields(reader, depth, before);
  reader.leave(outerEnd);
  return value;
}

function readValueFields(reader: ProtobufReader, depth: number, before: AttributeValue): AttributeValue {
  let value = before;
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) value = { type: "string", value: reader.string() };
    else if (reader.is(2, wire.varint)) value = { type: "bool", value: reader.bool() };
    else if (reader.is(3, wire.varint)) value = { type: "int", value: reader.int64() };
    else if (reader.is(4, wire.fixed64)) value = { type: "double", value: reader.double() };
    else if (reader.is(5, wire.bytes)) {
      const values: AttributeValue[] = value.type === "array" ? value.value : [];
      inside(reader, () => readArray(reader, depth, values));
      value = { type: "array", value: values };
    } else if (reader.is(6, wire.bytes)) {
      const entries: KeyValue[] = value.type === "map" ? value.value : [];
      inside(reader, () => readMap(reader, depth, entries));
      value = { type: "map", value: entries };
    } else if (reader.is(7, wire.bytes)) value = { type: "bytes", value: reader.bytesField() };
    else reader.skip();
  }
  return value;
}

/** The AnyValue that the reader's bytes are. */
export function readWholeValue(reader: ProtobufReader): AttributeValue {
  return readValueFields(reader, 0, { type: "empty" });
}

function readArray(reader: ProtobufReader, depth: number, into: AttributeValue[]): void {
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) into.push(readValue(reader, depth + 1, { type: "empty" }));
    else reader.skip();
  }
}

function readMap(reader: ProtobufReader, depth: number, into: KeyValue[]): void {
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) into.push(readAttribute(reader, depth + 1));
    else reader.skip();
  }
}

function inside(reader: ProtobufReader, read: () => void): void {
  const outerEnd = reader.enter();
  read();
  reader.leave(outerEnd);
}
