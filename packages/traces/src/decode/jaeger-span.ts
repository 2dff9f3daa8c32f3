import type { KeyValue, LinkRecord, ResourceRecord, ScopeRecord, SpanRecord } from "../model.ts";
import { kindByName } from "./kind-by-name.ts";
import { statusFromTags, takeText } from "./tag-status.ts";

/** A span of Jaeger's own model. Ids are hex of 32 and 16 digits. */
export interface JaegerSpan {
  traceId: string;
  spanId: string;
  /** Empty for none. */
  parentSpanId: string;
  name: string;
  references: { isChildOf: boolean; traceId: string; spanId: string }[];
  startUs: bigint;
  durationUs: bigint;
  tags: KeyValue[];
  logs: { timeUs: bigint; fields: KeyValue[] }[];
}

export const noScope: ScopeRecord = {
  name: "",
  version: "",
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: "",
};

/** Jaeger's process as a resource: `hostname` becomes `host.name`, `jaeger.version` the exporter's version, as its translator has it. */
export function resourceOf(serviceName: string, tags: readonly KeyValue[]): ResourceRecord {
  const attributes: KeyValue[] = [];
  if (serviceName !== "")
    attributes.push({ key: "service.name", value: { type: "string", value: serviceName } });
  const hasHost = tags.some(({ key }) => key === "host.name");
  for (const { key, value } of tags) {
    if (key === "service.name" && serviceName !== "") continue;
    if (key === "hostname" && !hasHost) attributes.push({ key: "host.name", value });
    else if (key === "jaeger.version" && value.type === "string")
      attributes.push({
        key: "opencensus.exporterversion",
        value: { type: "string", value: `Jaeger-${value.value}` },
      });
    else attributes.push({ key, value });
  }
  return { attributes, droppedAttributesCount: 0, schemaUrl: "" };
}

/** As Jaeger's translator to OTLP does it (`research`: fact sheet, section 5). */
export function spanOf(span: JaegerSpan, resource: ResourceRecord): SpanRecord {
  const { traceId, spanId, name, startUs, durationUs, logs } = span;
  const attributes = [...span.tags];
  const kind = kindByName(takeText(attributes, "span.kind"));
  const { statusCode, statusMessage } = statusFromTags(attributes, kind);
  const parentSpanId = parentOf(span);
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState: "",
    flags: 0,
    name,
    kind,
    startUnixNano: nanoseconds(startUs),
    endUnixNano: nanoseconds(startUs + (durationUs < 0n ? 0n : durationUs)),
    attributes,
    droppedAttributesCount: 0,
    events: logs.map(({ timeUs, fields }) => {
      const own = [...fields];
      return {
        timeUnixNano: nanoseconds(timeUs),
        name: takeText(own, "event") ?? "",
        attributes: own,
        droppedAttributesCount: 0,
      };
    }),
    droppedEventsCount: 0,
    links: linksOf(span, parentSpanId),
    droppedLinksCount: 0,
    statusCode,
    statusMessage,
    resource,
    scope: noScope,
  };
}

function parentOf({ traceId, parentSpanId, references }: JaegerSpan): string {
  if (parentSpanId !== "") return parentSpanId;
  const own = references.filter((reference) => reference.traceId === traceId);
  return (own.find(({ isChildOf }) => isChildOf) ?? own[0])?.spanId ?? "";
}

/** References but the one that says the parent again. */
function linksOf({ traceId, references }: JaegerSpan, parentSpanId: string): LinkRecord[] {
  return references
    .filter(
      (reference) =>
        !(reference.isChildOf && reference.traceId === traceId && reference.spanId === parentSpanId),
    )
    .map((reference) => ({
      traceId: reference.traceId,
      spanId: reference.spanId,
      traceState: "",
      attributes: [
        {
          key: "opentracing.ref_type",
          value: { type: "string", value: reference.isChildOf ? "child_of" : "follows_from" },
        },
      ],
      droppedAttributesCount: 0,
      flags: 0,
    }));
}

/** Times before the epoch are none that OTLP has. */
export function nanoseconds(us: bigint): bigint {
  return us <= 0n ? 0n : BigInt.asUintN(64, us * 1_000n);
}
