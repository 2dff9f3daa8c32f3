import type { KeyValue, SpanKind, SpanRecord } from "../model.ts";
import { nanoseconds, noScope } from "./jaeger-span.ts";
import { statusFromHttp, take, takeText } from "./tag-status.ts";
import { text, type ZipkinEndpoint } from "./zipkin-span.ts";

/** A span of Zipkin's first model. Ids are lowercase hex of 32 and 16 digits, `parentId` empty for a root. */
export interface ZipkinV1Span {
  traceId: string;
  id: string;
  parentId: string;
  name: string;
  timestampUs: bigint | undefined;
  durationUs: bigint | undefined;
  annotations: { timestampUs: bigint; value: string; endpoint: ZipkinEndpoint | undefined }[];
  binaryAnnotations: (KeyValue & { endpoint: ZipkinEndpoint | undefined })[];
}

/** Annotations that are no events but say who did what, and when. */
const core: Readonly<Record<string, { kind: SpanKind; isStart: boolean }>> = {
  cs: { kind: 3, isStart: true },
  cr: { kind: 3, isStart: false },
  sr: { kind: 2, isStart: true },
  ss: { kind: 2, isStart: false },
  ms: { kind: 4, isStart: true },
  mr: { kind: 5, isStart: true },
};

/** `nowUs`: where a span knows no time at all. */
export function zipkinV1SpanOf(span: ZipkinV1Span, nowUs: bigint): SpanRecord {
  let kind: SpanKind = 0;
  let endpoint: ZipkinEndpoint | undefined;
  let first: bigint | undefined;
  let last: bigint | undefined;
  const events: SpanRecord["events"] = [];
  for (const { timestampUs, value, endpoint: own } of span.annotations) {
    endpoint ??= own;
    const known = Object.hasOwn(core, value) ? core[value] : undefined;
    if (known === undefined) {
      const timeUnixNano = nanoseconds(timestampUs);
      events.push({ timeUnixNano, name: value, attributes: [], droppedAttributesCount: 0 });
      continue;
    }
    if (own !== undefined) endpoint = own;
    kind = known.kind;
    if (known.isStart) first = timestampUs;
    else last = timestampUs;
  }
  const attributes: KeyValue[] = [];
  for (const { key, value, endpoint: own } of span.binaryAnnotations) {
    endpoint ??= own;
    attributes.push({ key: key === "lc" ? "component" : key, value });
  }
  const startUs = span.timestampUs ?? first ?? nowUs;
  const durationUs = span.durationUs ?? (last === undefined ? 0n : last - startUs);
  return {
    traceId: span.traceId,
    spanId: span.id,
    parentSpanId: span.parentId,
    traceState: "",
    flags: 0,
    name: span.name,
    kind,
    startUnixNano: nanoseconds(startUs),
    endUnixNano: nanoseconds(startUs + (durationUs < 0n ? 0n : durationUs)),
    ...takeStatus(attributes, kind),
    attributes,
    droppedAttributesCount: 0,
    events,
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    resource: { attributes: resourceOf(endpoint), droppedAttributesCount: 0, schemaUrl: "" },
    scope: noScope,
  };
}

/** The first of `census.status_code`, `otel.status_code`, `error` and the HTTP status that is there. */
function takeStatus(
  attributes: KeyValue[],
  kind: SpanKind,
): Pick<SpanRecord, "statusCode" | "statusMessage"> {
  const census = takeText(attributes, "census.status_code");
  const described = takeText(attributes, "census.status_description");
  if (census !== undefined) return { statusCode: census === "0" ? 1 : 2, statusMessage: described ?? "" };
  const code = takeText(attributes, "otel.status_code")?.toUpperCase();
  if (code !== undefined) {
    const statusMessage = takeText(attributes, "otel.status_description") ?? "";
    return { statusCode: code === "OK" ? 1 : code === "ERROR" ? 2 : 0, statusMessage };
  }
  const error = attributes.find(({ key }) => key === "error")?.value;
  if (error === undefined) return statusFromHttp(attributes, kind);
  if (error.type === "bool" || (error.type === "string" && error.value === "true")) take(attributes, "error");
  return { statusCode: error.type === "bool" && !error.value ? 0 : 2, statusMessage: "" };
}

function resourceOf(endpoint: ZipkinEndpoint | undefined): KeyValue[] {
  const attributes = [text("service.name", endpoint?.serviceName || "unknown-service")];
  if (endpoint === undefined) return attributes;
  if (endpoint.ipv4 !== "") attributes.push(text("ipv4", endpoint.ipv4));
  if (endpoint.ipv6 !== "") attributes.push(text("ipv6", endpoint.ipv6));
  if (endpoint.port > 0)
    attributes.push({ key: "port", value: { type: "int", value: BigInt(endpoint.port) } });
  return attributes;
}
