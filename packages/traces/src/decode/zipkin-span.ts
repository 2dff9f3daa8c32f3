import type {
  AttributeValue,
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  SpanRecord,
} from "../model.ts";
import { nanoseconds, noScope } from "./jaeger-span.ts";
import { kindByName } from "./kind-by-name.ts";
import { take, takeText } from "./tag-status.ts";

export interface ZipkinEndpoint {
  serviceName: string;
  ipv4: string;
  ipv6: string;
  /** 0: none. */
  port: number;
}

/** A span of Zipkin's second model. Ids are lowercase hex, padded to 32 and 16 digits. */
export interface ZipkinSpan {
  traceId: string;
  id: string;
  /** Empty for a root. */
  parentId: string;
  /** CLIENT, SERVER, PRODUCER, CONSUMER or empty. */
  kind: string;
  name: string;
  /** Microseconds since the epoch; undefined where the sender does not know. */
  timestampUs: bigint | undefined;
  durationUs: bigint | undefined;
  local: ZipkinEndpoint | undefined;
  remote: ZipkinEndpoint | undefined;
  annotations: { timestampUs: bigint; value: string }[];
  tags: KeyValue[];
}

/** Keys that say something of the process, not of the span. */
const resourceKey =
  /^(?:service\.(?!peer\.)|host\.|k8s\.|cloud\.|container\.|process\.|os\.|device\.|faas\.(?:name|id|version|instance|max_memory)|deployment\.|telemetry\.(?:sdk|auto|distro)\.|webengine\.)/;

/** As the OpenTelemetry translator of Zipkin spans does it; resource attributes are kept for each span, not only for the first of a group. */
export function zipkinSpanOf(span: ZipkinSpan): SpanRecord {
  const tags = [...span.tags];
  const links = takeLinks(tags);
  const kind = kindByName(span.kind === "" ? internalKind(tags) : span.kind.toLowerCase());
  const status = takeStatus(tags);
  const scope = {
    ...noScope,
    name: takeText(tags, "otel.scope.name") ?? takeText(tags, "otel.library.name") ?? "",
    version: takeText(tags, "otel.scope.version") ?? takeText(tags, "otel.library.version") ?? "",
  };
  const traceState = takeText(tags, "w3c.tracestate") ?? "";
  const resource = takeResource(tags, span.local);
  const attributes = [...tags, ...endpointAttributes(span.local, span.remote)];
  if (span.timestampUs === undefined)
    attributes.push({ key: "otel.zipkin.absentField.startTime", value: { type: "bool", value: true } });
  const startUs = span.timestampUs ?? 0n;
  return {
    traceId: span.traceId,
    spanId: span.id,
    parentSpanId: span.parentId === span.id ? "" : span.parentId,
    traceState,
    flags: 0,
    name: span.name,
    kind,
    startUnixNano: nanoseconds(startUs),
    endUnixNano: nanoseconds(startUs + (span.durationUs ?? 0n)),
    attributes,
    droppedAttributesCount: 0,
    events: span.annotations.map(({ timestampUs, value }) => eventOf(timestampUs, value)),
    droppedEventsCount: 0,
    links,
    droppedLinksCount: 0,
    ...status,
    resource,
    scope,
  };
}

function internalKind(tags: KeyValue[]): string {
  const at = tags.findIndex(
    ({ key, value }) => key === "span.kind" && value.type === "string" && value.value === "internal",
  );
  if (at === -1) return "";
  tags.splice(at, 1);
  return "internal";
}

const statusNames: Readonly<Record<string, 0 | 1 | 2>> = {
  Ok: 1,
  Error: 2,
  Unset: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
  STATUS_CODE_UNSET: 0,
};

/** A tag `error` with any value says so, as Zipkin has it; it stays unless it says no more than "true". */
function takeStatus(tags: KeyValue[]): Pick<SpanRecord, "statusCode" | "statusMessage"> {
  const named = takeText(tags, "otel.status_code");
  const statusMessage = takeText(tags, "otel.status_description") ?? "";
  const error = tags.find(({ key }) => key === "error")?.value;
  let statusCode = named === undefined ? 0 : (statusNames[named] ?? 0);
  if (error !== undefined) {
    statusCode = 2;
    if (error.type === "string" && error.value === "true") take(tags, "error");
  }
  return { statusCode, statusMessage };
}

function takeResource(tags: KeyValue[], local: ZipkinEndpoint | undefined): ResourceRecord {
  const attributes: KeyValue[] = [];
  const source = takeText(tags, "otlp.service.name.source") ?? "service.name";
  const serviceName = local?.serviceName ?? "";
  if (serviceName !== "") attributes.push(text(source, serviceName));
  for (let at = 0; at < tags.length;) {
    const tag = tags[at];
    if (tag === undefined || !resourceKey.test(tag.key)) {
      at++;
      continue;
    }
    tags.splice(at, 1);
    if (!attributes.some(({ key }) => key === tag.key)) attributes.push(tag);
  }
  return { attributes, droppedAttributesCount: 0, schemaUrl: "" };
}

function endpointAttributes(
  local: ZipkinEndpoint | undefined,
  remote: ZipkinEndpoint | undefined,
): KeyValue[] {
  const attributes: KeyValue[] = [];
  const address = (endpoint: ZipkinEndpoint): string =>
    endpoint.ipv4 === "" ? endpoint.ipv6 : endpoint.ipv4;
  const port = (key: string, { port: number }: ZipkinEndpoint): void => {
    if (number > 0) attributes.push({ key, value: { type: "int", value: BigInt(number) } });
  };
  if (local !== undefined) {
    if (address(local) !== "") attributes.push(text("network.local.address", address(local)));
    port("net.host.port", local);
  }
  if (remote !== undefined) {
    if (remote.serviceName !== "") attributes.push(text("service.peer.name", remote.serviceName));
    if (address(remote) !== "") attributes.push(text("network.peer.address", address(remote)));
    port("net.peer.port", remote);
  }
  return attributes;
}

/** OpenTelemetry's exporters write an event as `name|{attributes}|dropped`. */
function eventOf(timestampUs: bigint, value: string): EventRecord {
  const timeUnixNano = nanoseconds(timestampUs);
  const first = value.indexOf("|");
  const last = value.lastIndexOf("|");
  if (first !== -1 && last > first) {
    const attributes = attributesOfJson(value.slice(first + 1, last));
    const dropped = value.slice(last + 1);
    if (attributes !== undefined && /^\d{1,9}$/.test(dropped))
      return {
        timeUnixNano,
        name: value.slice(0, first),
        attributes,
        droppedAttributesCount: Number(dropped),
      };
  }
  return { timeUnixNano, name: value, attributes: [], droppedAttributesCount: 0 };
}

/** ... and a link as a tag `otlp.link.N` = trace id | span id | state | attributes | dropped. */
function takeLinks(tags: KeyValue[]): LinkRecord[] {
  const links: LinkRecord[] = [];
  for (let number = 0; number <= 128; number++) {
    const key = `otlp.link.${number}`;
    const value = tags.find((tag) => tag.key === key)?.value;
    if (value?.type !== "string") break;
    const parts = value.value.split("|");
    const [traceId = "", spanId = "", traceState = ""] = parts;
    const attributes = attributesOfJson(parts.slice(3, -1).join("|"));
    const dropped = parts.at(-1) ?? "";
    if (parts.length < 5 || attributes === undefined || !/^\d{1,9}$/.test(dropped)) break;
    take(tags, key);
    links.push({
      traceId,
      spanId,
      traceState,
      attributes,
      droppedAttributesCount: Number(dropped),
      flags: 0,
    });
  }
  return links;
}

function attributesOfJson(json: string): KeyValue[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (parsed === null) return [];
  if (typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  return Object.entries(parsed).map(([key, value]: [string, unknown]) => ({
    key,
    value: valueOfJson(value),
  }));
}

function valueOfJson(value: unknown): AttributeValue {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value !== "number") return { type: "string", value: JSON.stringify(value) };
  return Number.isSafeInteger(value) ? { type: "int", value: BigInt(value) } : { type: "double", value };
}

export function text(key: string, value: string): KeyValue {
  return { key, value: { type: "string", value } };
}
