import { type KeyValue, serviceName, type SpanRecord } from "../../model.ts";
import { statusNames } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import { attributeText } from "../../store/attribute-text.ts";
import { encodeBatch } from "../../store/batch-encoding.ts";
import { plainJson } from "../json-value.ts";

/** A span for data tools: what they filter and group by in plain types, and the span itself, from which it comes in again whole. */

export function spanLine(span: SpanRecord): string {
  const { traceId, spanId, parentSpanId, traceState, name, startUnixNano, endUnixNano } = span;
  return `${JSON.stringify({
    traceId,
    spanId,
    parentSpanId: parentSpanId === "" ? null : parentSpanId,
    traceState,
    service: serviceName(span.resource),
    name,
    kind: kindNames[span.kind],
    startUnixNano: String(startUnixNano),
    durationNano: String(endUnixNano - startUnixNano),
    status: statusNames[span.statusCode],
    statusMessage: span.statusMessage,
    attributes: plain(span.attributes),
    resource: plain(span.resource.attributes),
    scope: { name: span.scope.name, version: span.scope.version, attributes: plain(span.scope.attributes) },
    events: eventsOf(span),
    links: linksOf(span),
    otlp: Buffer.from(encodeBatch([span])).toString("base64"),
  })}\n`;
}

/** Parquet's columns by name: type, and the value of a span; null where it has none. */
export const parquetColumns: readonly {
  name: string;
  type: "text" | "time" | "integer" | "boolean" | "bytes";
  of: (span: SpanRecord) => string | bigint | boolean | Uint8Array | null;
}[] = [
  { name: "trace_id", type: "text", of: ({ traceId }) => traceId },
  { name: "span_id", type: "text", of: ({ spanId }) => spanId },
  { name: "parent_span_id", type: "text", of: ({ parentSpanId }) => parentSpanId || null },
  { name: "service", type: "text", of: ({ resource }) => serviceName(resource) },
  { name: "name", type: "text", of: ({ name }) => name },
  { name: "kind", type: "text", of: ({ kind }) => kindNames[kind] },
  { name: "start_time", type: "time", of: ({ startUnixNano }) => int64(startUnixNano) },
  { name: "end_time", type: "time", of: ({ endUnixNano }) => int64(endUnixNano) },
  {
    name: "duration_ns",
    type: "integer",
    of: ({ startUnixNano, endUnixNano }) =>
      int64(endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n),
  },
  { name: "is_error", type: "boolean", of: ({ statusCode }) => statusCode === 2 },
  { name: "status", type: "text", of: ({ statusCode }) => statusNames[statusCode] },
  { name: "status_message", type: "text", of: ({ statusMessage }) => statusMessage || null },
  { name: "ticket_id", type: "text", of: ({ attributes }) => textOf(attributes, "ticket.id") },
  { name: "tenant_id", type: "text", of: ({ attributes }) => textOf(attributes, "tenant.id") },
  { name: "scope", type: "text", of: ({ scope }) => scope.name || null },
  { name: "attributes", type: "text", of: ({ attributes }) => JSON.stringify(plain(attributes)) },
  { name: "resource", type: "text", of: ({ resource }) => JSON.stringify(plain(resource.attributes)) },
  { name: "events", type: "text", of: (span) => JSON.stringify(eventsOf(span)) },
  { name: "links", type: "text", of: (span) => JSON.stringify(linksOf(span)) },
  { name: "otlp", type: "bytes", of: (span) => encodeBatch([span]) },
];

function plain(attributes: readonly KeyValue[]): object {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainJson(value)]));
}

function eventsOf({ events }: SpanRecord): object[] {
  return events.map(({ timeUnixNano, name, attributes }) => ({
    timeUnixNano: String(timeUnixNano),
    name,
    attributes: plain(attributes),
  }));
}

function linksOf({ links }: SpanRecord): object[] {
  return links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes: plain(attributes) }));
}

function textOf(attributes: readonly KeyValue[], wanted: string): string | null {
  const found = attributes.find(({ key }) => key === wanted);
  return found === undefined ? null : attributeText(found.value);
}

const int64Max = 2n ** 63n - 1n;

/** Times beyond the year 2262 are none that data tools have. */
function int64(value: bigint): bigint {
  return value > int64Max ? int64Max : value;
}
