import type { EventRecord, KeyValue, LinkRecord, ResourceRecord, SpanRecord } from "../../model.ts";
import { serviceName } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import { warningsKey, warningsOf } from "../../query/warnings.ts";
import { attributeText } from "../../store/attribute-text.ts";
import { base64, jsonDouble, jsonInteger } from "../json-value.ts";

/** Jaeger's UI model, as GET /api/traces answers it. Times and durations are whole microseconds. */
interface LegacySpan {
  traceID: string;
  spanID: string;
  operationName: string;
  references: Reference[];
  startTime: number;
  duration: number;
  tags: Tag[];
  logs: { timestamp: number; fields: Tag[] }[];
  processID: string;
  warnings: string[] | null;
}

interface Reference {
  refType: "CHILD_OF" | "FOLLOWS_FROM";
  traceID: string;
  spanID: string;
}

interface Tag {
  key: string;
  type: "string" | "bool" | "int64" | "float64" | "binary";
  value: string | boolean | number;
}

/** A trace in Jaeger's UI model, as pieces of JSON. `spans`: at least one, all of one trace, sanitized. */
export function* legacyTrace(spans: readonly SpanRecord[]): Generator<string> {
  const processes = new ProcessTable();
  yield `{"traceID":${JSON.stringify(legacyTraceId(spans[0]?.traceId ?? ""))},"spans":[`;
  let separator = "";
  for (const span of spans) {
    yield separator + JSON.stringify(legacySpan(span, processes.idOf(span.resource)));
    separator = ",";
  }
  yield `],"processes":${JSON.stringify(processes.all())},"warnings":null}`;
}

function legacySpan(span: SpanRecord, processID: string): LegacySpan {
  const warnings = warningsOf(span);
  return {
    traceID: legacyTraceId(span.traceId),
    spanID: span.spanId,
    operationName: span.name,
    references: references(span),
    startTime: microseconds(span.startUnixNano),
    duration: microseconds(span.endUnixNano - span.startUnixNano),
    tags: spanTags(span),
    logs: span.events.map((event) => ({
      timestamp: microseconds(event.timeUnixNano),
      fields: fields(event),
    })),
    processID,
    warnings: warnings.length > 0 ? warnings : null,
  };
}

/** Ids of 64 bits are shown in 16 digits. */
function legacyTraceId(traceId: string): string {
  return traceId.startsWith("0000000000000000") ? traceId.slice(16) : traceId;
}

function microseconds(ns: bigint): number {
  return Number(ns / 1_000n);
}

/** The parent comes first; a link to it says only what kind of parent it is. */
function references({ traceId, parentSpanId, links }: SpanRecord): Reference[] {
  const parent: Reference | undefined =
    parentSpanId === ""
      ? undefined
      : { refType: "CHILD_OF", traceID: legacyTraceId(traceId), spanID: parentSpanId };
  const found = parent === undefined ? [] : [parent];
  for (const link of links) {
    const refType = referenceType(link);
    if (parent !== undefined && link.traceId === traceId && link.spanId === parentSpanId) {
      parent.refType = refType;
      continue;
    }
    found.push({ refType, traceID: legacyTraceId(link.traceId), spanID: link.spanId });
  }
  return found;
}

function referenceType({ attributes }: LinkRecord): Reference["refType"] {
  const type = attributes.find(({ key }) => key === "opentracing.ref_type")?.value;
  return type?.type === "string" && type.value === "child_of" ? "CHILD_OF" : "FOLLOWS_FROM";
}

function spanTags(span: SpanRecord): Tag[] {
  const { scope, kind, statusCode, statusMessage, traceState } = span;
  const tags: Tag[] = [];
  const add = (key: string, value: string): void => {
    if (value !== "") tags.push({ key, type: "string", value });
  };
  add("otel.scope.name", scope.name);
  add("otel.scope.version", scope.version);
  tags.push(...span.attributes.filter(({ key }) => key !== warningsKey).map(tagOf));
  if (kind !== 0) add("span.kind", kindNames[kind]);
  if (statusCode === 1) add("otel.status_code", "OK");
  if (statusCode === 2) {
    add("otel.status_code", "ERROR");
    tags.push({ key: "error", type: "bool", value: true });
  }
  add("otel.status_description", statusMessage);
  add("w3c.tracestate", traceState);
  return tags;
}

function fields({ name, attributes }: EventRecord): Tag[] {
  const tags = attributes.map(tagOf);
  if (name === "" || attributes.some(({ key }) => key === "event")) return tags;
  return [{ key: "event", type: "string", value: name }, ...tags];
}

function tagOf({ key, value }: KeyValue): Tag {
  switch (value.type) {
    case "bool":
      return { key, type: "bool", value: value.value };
    case "int":
      return { key, type: "int64", value: jsonInteger(value.value) };
    case "double":
      return { key, type: "float64", value: jsonDouble(value.value) };
    case "bytes":
      return { key, type: "binary", value: base64(value.value) };
    case "string":
    case "array":
    case "map":
    case "empty":
      return { key, type: "string", value: attributeText(value) };
  }
}

/** The processes of a trace, numbered p1, p2, ... as they are first met; equal ones are one. */
class ProcessTable {
  private readonly byResource = new Map<ResourceRecord, string>();
  private readonly byText = new Map<string, string>();
  private readonly processes: Record<string, { serviceName: string; tags: Tag[] }> = {};

  idOf(resource: ResourceRecord): string {
    let id = this.byResource.get(resource);
    if (id === undefined) this.byResource.set(resource, (id = this.add(resource)));
    return id;
  }

  all(): Readonly<Record<string, { serviceName: string; tags: Tag[] }>> {
    return this.processes;
  }

  private add(resource: ResourceRecord): string {
    const tags = resource.attributes.filter(({ key }) => key !== "service.name").map(tagOf);
    const process = { serviceName: serviceName(resource), tags };
    const text = JSON.stringify(process);
    let id = this.byText.get(text);
    if (id === undefined) {
      id = `p${this.byText.size + 1}`;
      this.byText.set(text, id);
      this.processes[id] = process;
    }
    return id;
  }
}
