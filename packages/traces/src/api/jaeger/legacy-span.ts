import type { EventRecord, KeyValue, LinkRecord, ResourceRecord, SpanRecord } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import { warningsKey } from "../../query/warnings.ts";

/** What Jaeger's first model of spans shows of OTLP's: its legacy JSON and jaeger.api_v2 have it from here. */
export interface Reference {
  refType: "CHILD_OF" | "FOLLOWS_FROM";
  traceId: string;
  spanId: string;
}

/** The parent comes first; a link to it says only what kind of parent it is. */
export function referencesOf({ traceId, parentSpanId, links }: SpanRecord): Reference[] {
  const parent: Reference | undefined =
    parentSpanId === "" ? undefined : { refType: "CHILD_OF", traceId, spanId: parentSpanId };
  const found = parent === undefined ? [] : [parent];
  for (const link of links) {
    const refType = referenceType(link);
    if (parent !== undefined && link.traceId === traceId && link.spanId === parentSpanId) {
      parent.refType = refType;
      continue;
    }
    found.push({ refType, traceId: link.traceId, spanId: link.spanId });
  }
  return found;
}

function referenceType({ attributes }: LinkRecord): Reference["refType"] {
  const type = attributes.find(({ key }) => key === "opentracing.ref_type")?.value;
  return type?.type === "string" && type.value === "child_of" ? "CHILD_OF" : "FOLLOWS_FROM";
}

export function spanTags(span: SpanRecord): KeyValue[] {
  const { scope, kind, statusCode, statusMessage, traceState } = span;
  const tags: KeyValue[] = [];
  const add = (key: string, value: string): void => {
    if (value !== "") tags.push({ key, value: { type: "string", value } });
  };
  add("otel.scope.name", scope.name);
  add("otel.scope.version", scope.version);
  for (const attribute of span.attributes) if (attribute.key !== warningsKey) tags.push(attribute);
  if (kind !== 0) add("span.kind", kindNames[kind]);
  if (statusCode === 1) add("otel.status_code", "OK");
  if (statusCode === 2) {
    add("otel.status_code", "ERROR");
    tags.push({ key: "error", value: { type: "bool", value: true } });
  }
  add("otel.status_description", statusMessage);
  add("w3c.tracestate", traceState);
  return tags;
}

export function logFields({ name, attributes }: EventRecord): readonly KeyValue[] {
  if (name === "" || attributes.some(({ key }) => key === "event")) return attributes;
  return [{ key: "event", value: { type: "string", value: name } }, ...attributes];
}

export function processTags({ attributes }: ResourceRecord): KeyValue[] {
  return attributes.filter(({ key }) => key !== "service.name");
}
