/**
 * A span as the backend keeps it: everything OTLP carries (opentelemetry-proto 1.11, trace/v1).
 * The store keeps columns and makes these objects only for what a query answers.
 */

/** OTLP AnyValue. int64 is a bigint, always. */
export type AttributeValue =
  | { type: "string"; value: string }
  | { type: "bool"; value: boolean }
  | { type: "int"; value: bigint }
  | { type: "double"; value: number }
  | { type: "bytes"; value: Uint8Array }
  | { type: "array"; value: AttributeValue[] }
  | { type: "map"; value: KeyValue[] }
  | { type: "empty" };

export interface KeyValue {
  key: string;
  value: AttributeValue;
}

export interface ResourceRecord {
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

export interface ScopeRecord {
  name: string;
  version: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

export interface EventRecord {
  timeUnixNano: bigint;
  name: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

export interface LinkRecord {
  /** Lowercase hex, 32 and 16 digits. */
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  flags: number;
}

/** OTLP numbers: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
export type SpanKind = 0 | 1 | 2 | 3 | 4 | 5;
/** OTLP numbers: 0 unset, 1 ok, 2 error. */
export type StatusCode = 0 | 1 | 2;

export interface SpanRecord {
  /** 32 lowercase hex digits, never all zero. */
  traceId: string;
  /** 16 lowercase hex digits, never all zero. */
  spanId: string;
  /** 16 lowercase hex digits; empty for a root. */
  parentSpanId: string;
  traceState: string;
  flags: number;
  name: string;
  kind: SpanKind;
  startUnixNano: bigint;
  endUnixNano: bigint;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  events: EventRecord[];
  droppedEventsCount: number;
  links: LinkRecord[];
  droppedLinksCount: number;
  statusCode: StatusCode;
  statusMessage: string;
  /** Shared by the spans of one ResourceSpans / ScopeSpans. */
  resource: ResourceRecord;
  scope: ScopeRecord;
}

/**
 * The resource attribute that says which tenant's token sent a span. The store writes it, last among the resource's attributes; what
 * senders write under this key, anywhere, is left out (`store/head/dictionary.ts`).
 */
export const tenantAttribute = "throughline.tenant";

/** Whose token sent the spans of a resource; undefined where the sender was bound to no tenant. */
export function ownerOf({ attributes }: ResourceRecord): string | undefined {
  const found = attributes.findLast(({ key }) => key === tenantAttribute)?.value;
  return found?.type === "string" ? found.value : undefined;
}

/** What one request decodes to. */
export interface DecodedBatch {
  spans: SpanRecord[];
  /** Spans refused one by one (ids of a wrong length or all zero), and why; goes into partial_success. */
  rejected: number;
  rejectedReason: string;
}

/** `service.name` of a resource; Jaeger's replacements where it is missing, empty or not a string. */
export function serviceName(resource: ResourceRecord): string {
  for (const { key, value } of resource.attributes) {
    if (key !== "service.name") continue;
    if (value.type !== "string") return "service-name-wrong-type";
    return value.value === "" ? "empty-service-name" : value.value;
  }
  return "missing-service-name";
}
