import type {
  AttributeValue,
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanRecord,
} from "../../model.ts";
import { base64, jsonDouble } from "../json-value.ts";
import { Texts } from "../json-texts.ts";
import { groupByResource, type ResourceGroup } from "./resource-groups.ts";

/**
 * OTLP JSON as Jaeger's v3 API writes it: ids in lowercase hex, 64-bit integers as strings, enums as numbers, fields
 * that are zero or empty left out, but `resource`, `scope` and `status` always there.
 */

/** The elements of `resourceSpans` of one trace, as pieces of JSON; spans grouped by equal resource and scope. */
export function* resourceSpans(spans: readonly SpanRecord[]): Generator<Iterable<string>> {
  const texts = new Texts<KeyValue>((attribute) => JSON.stringify(otlpKeyValue(attribute)));
  const names = new Texts<string>((name) => JSON.stringify(name));
  for (const group of groupByResource(spans)) yield ofResource(group, texts, names);
}

function* ofResource(
  { resource, scopes }: ResourceGroup,
  texts: Texts<KeyValue>,
  names: Texts<string>,
): Generator<string> {
  yield `{"resource":${JSON.stringify(otlpResource(resource))},"scopeSpans":[`;
  let separator = "";
  for (const { scope, spans } of scopes) {
    yield `${separator}{"scope":${JSON.stringify(otlpScope(scope))},"spans":[`;
    separator = ",";
    for (const [index, span] of spans.entries()) {
      yield (index === 0 ? "" : ",") + spanText(span, texts, names);
    }
    yield `]${schemaUrl(scope)}}`;
  }
  yield `]${schemaUrl(resource)}}`;
}

function schemaUrl({ schemaUrl: url }: { schemaUrl: string }): string {
  return url === "" ? "" : `,"schemaUrl":${JSON.stringify(url)}`;
}

function otlpResource({ attributes, droppedAttributesCount }: ResourceRecord): object {
  return { ...list("attributes", attributes.map(otlpKeyValue)), ...filled({ droppedAttributesCount }) };
}

function otlpScope({ name, version, attributes, droppedAttributesCount }: ScopeRecord): object {
  return {
    ...filled({ name, version }),
    ...list("attributes", attributes.map(otlpKeyValue)),
    ...filled({ droppedAttributesCount }),
  };
}

/** Attributes of spans are written from texts that are made once. */
function spanText(span: SpanRecord, texts: Texts<KeyValue>, names: Texts<string>): string {
  const { traceState, parentSpanId, startUnixNano, endUnixNano, events, links } = span;
  // Ids and numbers need no escape.
  let json = `{"traceId":"${span.traceId}","spanId":"${span.spanId}"`;
  if (traceState !== "") json += `,"traceState":${JSON.stringify(traceState)}`;
  if (parentSpanId !== "") json += `,"parentSpanId":"${parentSpanId}"`;
  json += numberText("flags", span.flags);
  if (span.name !== "") json += `,"name":${names.of(span.name)}`;
  json += numberText("kind", span.kind);
  if (startUnixNano !== 0n) json += `,"startTimeUnixNano":"${startUnixNano}"`;
  if (endUnixNano !== 0n) json += `,"endTimeUnixNano":"${endUnixNano}"`;
  if (span.attributes.length > 0) json += `,"attributes":${texts.list(span.attributes)}`;
  json += numberText("droppedAttributesCount", span.droppedAttributesCount);
  if (events.length > 0)
    json += `,"events":[${events.map((event) => eventText(event, texts, names)).join()}]`;
  json += numberText("droppedEventsCount", span.droppedEventsCount);
  if (links.length > 0) json += `,"links":${JSON.stringify(links.map(otlpLink))}`;
  json += numberText("droppedLinksCount", span.droppedLinksCount);
  return `${json},"status":${statusText(span)}}`;
}

function numberText(name: string, value: number): string {
  return value === 0 ? "" : `,"${name}":${value}`;
}

function statusText({ statusMessage, statusCode }: SpanRecord): string {
  if (statusMessage === "") return statusCode === 0 ? "{}" : `{"code":${statusCode}}`;
  return JSON.stringify(filled({ message: statusMessage, code: statusCode }));
}

function eventText(
  { timeUnixNano, name, attributes, droppedAttributesCount }: EventRecord,
  texts: Texts<KeyValue>,
  names: Texts<string>,
): string {
  const fields = [
    timeUnixNano === 0n ? "" : `"timeUnixNano":"${timeUnixNano}"`,
    name === "" ? "" : `"name":${names.of(name)}`,
    attributes.length === 0 ? "" : `"attributes":${texts.list(attributes)}`,
    droppedAttributesCount === 0 ? "" : `"droppedAttributesCount":${droppedAttributesCount}`,
  ];
  return `{${fields.filter((field) => field !== "").join()}}`;
}

function otlpLink(link: LinkRecord): object {
  const { traceId, spanId, traceState, attributes, droppedAttributesCount, flags } = link;
  return {
    ...filled({ traceId, spanId, traceState }),
    ...list("attributes", attributes.map(otlpKeyValue)),
    ...filled({ droppedAttributesCount, flags }),
  };
}

function otlpKeyValue({ key, value }: KeyValue): object {
  return { ...filled({ key }), value: otlpValue(value) };
}

function otlpValue(value: AttributeValue): object {
  switch (value.type) {
    case "string":
      return { stringValue: value.value };
    case "bool":
      return { boolValue: value.value };
    case "int":
      return { intValue: String(value.value) };
    case "double":
      // JSON.stringify knows no negative zero.
      return { doubleValue: Object.is(value.value, -0) ? "-0" : jsonDouble(value.value) };
    case "bytes":
      return { bytesValue: base64(value.value) };
    case "array":
      return { arrayValue: list("values", value.value.map(otlpValue)) };
    case "map":
      return { kvlistValue: list("values", value.value.map(otlpKeyValue)) };
    case "empty":
      return {};
  }
}

/** The fields that are neither zero nor empty; 64-bit integers as strings. */
function filled(fields: Readonly<Record<string, string | number | bigint>>): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === "" || value === 0 || value === 0n) continue;
    kept[name] = typeof value === "bigint" ? String(value) : value;
  }
  return kept;
}

function list(name: string, values: readonly object[]): Record<string, readonly object[]> {
  return values.length === 0 ? {} : { [name]: values };
}
