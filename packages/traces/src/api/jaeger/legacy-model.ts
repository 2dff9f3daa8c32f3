import type { KeyValue, ResourceRecord, SpanRecord } from "../../model.ts";
import { serviceName } from "../../model.ts";
import { warningsOf } from "../../query/warnings.ts";
import { attributeText } from "../../store/attribute-text.ts";
import { base64, jsonDouble, jsonInteger } from "../json-value.ts";
import { Texts } from "../json-texts.ts";
import { logFields, processTags, referencesOf, spanTags } from "./legacy-span.ts";

/** Jaeger's UI model, as GET /api/traces answers it. Times and durations are whole microseconds. */
interface Tag {
  key: string;
  type: "string" | "bool" | "int64" | "float64" | "binary";
  value: string | boolean | number;
}

/** A trace in Jaeger's UI model, as pieces of JSON. `spans`: at least one, all of one trace, sanitized. */
export function* legacyTrace(spans: readonly SpanRecord[]): Generator<string> {
  const processes = new ProcessTable();
  const traceId = JSON.stringify(legacyTraceId(spans[0]?.traceId ?? ""));
  const tags = new Texts<KeyValue>((attribute) => JSON.stringify(tagOf(attribute)));
  const names = new Texts<string>((name) => JSON.stringify(name));
  yield `{"traceID":${traceId},"spans":[`;
  let separator = "";
  for (const span of spans) {
    yield separator + spanText(span, traceId, processes.idOf(span.resource), tags, names);
    separator = ",";
  }
  yield `],"processes":${JSON.stringify(processes.all())},"warnings":null}`;
}

/** Written piece by piece: most of a large trace is the same few attributes again and again, whose text is made once. */
function spanText(
  span: SpanRecord,
  traceId: string,
  processId: string,
  tags: Texts<KeyValue>,
  names: Texts<string>,
): string {
  const warnings = warningsOf(span);
  // Ids are hexadecimal digits: nothing of them needs an escape.
  let references = "";
  for (const one of referencesOf(span))
    references += `${references === "" ? "" : ","}{"refType":"${one.refType}","traceID":${
      one.traceId === span.traceId ? traceId : `"${legacyTraceId(one.traceId)}"`
    },"spanID":"${one.spanId}"}`;
  let logs = "";
  for (const event of span.events) {
    const timestamp = microseconds(event.timeUnixNano);
    logs += `${logs === "" ? "" : ","}{"timestamp":${timestamp},"fields":${tags.list(logFields(event))}}`;
  }
  return `{"traceID":${traceId},"spanID":"${span.spanId}","operationName":${names.of(span.name)},"references":[${references}],"startTime":${microseconds(span.startUnixNano)},"duration":${microseconds(
    span.endUnixNano - span.startUnixNano,
  )},"tags":${tags.list(spanTags(span))},"logs":[${logs}],"processID":"${processId}","warnings":${
    warnings.length === 0 ? "null" : JSON.stringify(warnings)
  }}`;
}

/** Ids of 64 bits are shown in 16 digits. */
function legacyTraceId(traceId: string): string {
  return traceId.startsWith("0000000000000000") ? traceId.slice(16) : traceId;
}

function microseconds(ns: bigint): number {
  return Number(ns / 1_000n);
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
    const tags = processTags(resource).map(tagOf);
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
