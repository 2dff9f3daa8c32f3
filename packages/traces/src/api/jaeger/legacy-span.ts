import type {
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanRecord,
} from "../../model.ts";
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

const text = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
/** One object each, so that their text is made once. */
const kindTags = Object.values(kindNames).map((name) => text("span.kind", name));
const okTag = text("otel.status_code", "OK");
const errorTags: readonly KeyValue[] = [
  text("otel.status_code", "ERROR"),
  { key: "error", value: { type: "bool", value: true } },
];
const scopeTags = new WeakMap<ScopeRecord, readonly KeyValue[]>();

export function spanTags(span: SpanRecord): KeyValue[] {
  const { scope, kind, statusCode, statusMessage, traceState } = span;
  let ofScope = scopeTags.get(scope);
  if (ofScope === undefined) {
    const { name, version } = scope;
    ofScope = [
      ...(name === "" ? [] : [text("otel.scope.name", name)]),
      ...(version === "" ? [] : [text("otel.scope.version", version)]),
    ];
    scopeTags.set(scope, ofScope);
  }
  const tags: KeyValue[] = [...ofScope];
  const add = (key: string, value: string): void => {
    if (value !== "") tags.push(text(key, value));
  };
  for (const attribute of span.attributes) if (attribute.key !== warningsKey) tags.push(attribute);
  if (kind !== 0) tags.push(kindTags[kind] as KeyValue);
  if (statusCode === 1) tags.push(okTag);
  if (statusCode === 2) tags.push(...errorTags);
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
