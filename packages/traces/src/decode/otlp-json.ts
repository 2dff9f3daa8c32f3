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
import { JsonFields, MalformedJsonError } from "./json-fields.ts";
import { valueDepthLimit } from "./otlp-protobuf.ts";
import { parseJson } from "./parse-json.ts";

const kindNames = {
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
};
const statusNames = { STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 };

/**
 * Decodes an ExportTraceServiceRequest in OTLP's JSON encoding: lowerCamelCase keys, hex ids, base64 bytes, enums as
 * numbers (names are taken too), 64-bit integers as strings or numbers; unknown keys are ignored.
 * Throws MalformedJsonError.
 */
export function decodeOtlpJson(bytes: Uint8Array): DecodedBatch {
  const builder = new BatchBuilder();
  new JsonFields(parseJson(bytes)).list("resourceSpans", (resourceSpans) => {
    const resource = readResource(resourceSpans);
    resourceSpans.list("scopeSpans", (scopeSpans) => {
      const scope = readScope(scopeSpans);
      scopeSpans.list("spans", (fields) => builder.add(readSpan(fields, resource, scope)));
    });
  });
  return builder.batch();
}

function readResource(fields: JsonFields): ResourceRecord {
  const known = fields.object("resource", (resource) => ({
    attributes: readAttributes(resource, 0),
    droppedAttributesCount: resource.uint32("droppedAttributesCount"),
  }));
  return { attributes: [], droppedAttributesCount: 0, ...known, schemaUrl: fields.string("schemaUrl") };
}

function readScope(fields: JsonFields): ScopeRecord {
  const known = fields.object("scope", (scope) => ({
    name: scope.string("name"),
    version: scope.string("version"),
    attributes: readAttributes(scope, 0),
    droppedAttributesCount: scope.uint32("droppedAttributesCount"),
  }));
  return {
    name: "",
    version: "",
    attributes: [],
    droppedAttributesCount: 0,
    ...known,
    schemaUrl: fields.string("schemaUrl"),
  };
}

function readSpan(fields: JsonFields, resource: ResourceRecord, scope: ScopeRecord): SpanRecord {
  const status = fields.object("status", (known) => ({
    code: statusCode(known.enumeration("code", statusNames)),
    message: known.string("message"),
  }));
  return {
    traceId: fields.string("traceId").toLowerCase(),
    spanId: fields.string("spanId").toLowerCase(),
    parentSpanId: fields.string("parentSpanId").toLowerCase(),
    traceState: fields.string("traceState"),
    flags: fields.uint32("flags"),
    name: fields.string("name"),
    kind: spanKind(fields.enumeration("kind", kindNames)),
    startUnixNano: fields.uint64("startTimeUnixNano"),
    endUnixNano: fields.uint64("endTimeUnixNano"),
    attributes: readAttributes(fields, 0),
    droppedAttributesCount: fields.uint32("droppedAttributesCount"),
    events: fields.list("events", readEvent),
    droppedEventsCount: fields.uint32("droppedEventsCount"),
    links: fields.list("links", readLink),
    droppedLinksCount: fields.uint32("droppedLinksCount"),
    statusCode: status?.code ?? 0,
    statusMessage: status?.message ?? "",
    resource,
    scope,
  };
}

function readEvent(fields: JsonFields): EventRecord {
  return {
    timeUnixNano: fields.uint64("timeUnixNano"),
    name: fields.string("name"),
    attributes: readAttributes(fields, 0),
    droppedAttributesCount: fields.uint32("droppedAttributesCount"),
  };
}

function readLink(fields: JsonFields): LinkRecord {
  return {
    traceId: fields.string("traceId").toLowerCase(),
    spanId: fields.string("spanId").toLowerCase(),
    traceState: fields.string("traceState"),
    attributes: readAttributes(fields, 0),
    droppedAttributesCount: fields.uint32("droppedAttributesCount"),
    flags: fields.uint32("flags"),
  };
}

function readAttributes(fields: JsonFields, depth: number): KeyValue[] {
  return fields.list("attributes", (attribute) => readKeyValue(attribute, depth));
}

function readKeyValue(fields: JsonFields, depth: number): KeyValue {
  const value = fields.object("value", (known) => readValue(known, depth));
  return { key: fields.string("key"), value: value ?? { type: "empty" } };
}

function readValue(fields: JsonFields, depth: number): AttributeValue {
  if (depth > valueDepthLimit) throw new MalformedJsonError("is nested too deeply");
  if (fields.has("stringValue")) return { type: "string", value: fields.string("stringValue") };
  if (fields.has("boolValue")) return { type: "bool", value: fields.bool("boolValue") };
  if (fields.has("intValue")) return { type: "int", value: fields.int64("intValue") };
  if (fields.has("doubleValue")) return { type: "double", value: fields.double("doubleValue") };
  if (fields.has("bytesValue")) return { type: "bytes", value: fields.bytes("bytesValue") };
  const array = fields.object("arrayValue", (list) =>
    list.list("values", (item) => readValue(item, depth + 1)),
  );
  if (array !== undefined) return { type: "array", value: array };
  const map = fields.object("kvlistValue", (list) =>
    list.list("values", (entry) => readKeyValue(entry, depth + 1)),
  );
  return map === undefined ? { type: "empty" } : { type: "map", value: map };
}
