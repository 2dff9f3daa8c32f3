import * as fc from "fast-check";
import type { AttributeValue, KeyValue, ResourceRecord, ScopeRecord, SpanRecord } from "../model.ts";

/** Spans for tests. */
export function text(key: string, value: string): KeyValue {
  return { key, value: { type: "string", value } };
}

export function resourceOf(service: string): ResourceRecord {
  return { attributes: [text("service.name", service)], droppedAttributesCount: 0, schemaUrl: "" };
}

export const plainScope: ScopeRecord = {
  name: "example",
  version: "1.0",
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: "",
};

export function exampleSpan(parts: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "",
    traceState: "",
    flags: 0,
    name: "GET /",
    kind: 2,
    startUnixNano: 1_700_000_000_000_000_000n,
    endUnixNano: 1_700_000_000_250_000_000n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: "",
    resource: resourceOf("shop"),
    scope: plainScope,
    ...parts,
  };
}

const wellFormed = fc.string({ unit: "grapheme", maxLength: 12 });
const uint32 = fc.nat({ max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const attributeValue = fc.letrec<{ value: AttributeValue; entry: KeyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ type: fc.constant("string" as const), value: wellFormed }),
    fc.record({ type: fc.constant("bool" as const), value: fc.boolean() }),
    fc.record({
      type: fc.constant("int" as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({ type: fc.constant("double" as const), value: fc.double() }),
    fc.record({ type: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 9 }) }),
    fc.record({ type: fc.constant("empty" as const) }),
    fc.record({ type: fc.constant("array" as const), value: fc.array(tie("value"), { maxLength: 3 }) }),
    fc.record({ type: fc.constant("map" as const), value: fc.array(tie("entry"), { maxLength: 3 }) }),
  ),
  entry: fc.record({ key: wellFormed, value: tie("value") }),
}));
const attributes = fc.array(attributeValue.entry, { maxLength: 4 });

const idOf = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((id) => id.some((byte) => byte !== 0))
    .map((id) => Buffer.from(id).toString("hex"));

const resource = fc.record({ attributes, droppedAttributesCount: uint32, schemaUrl: wellFormed });
const scope = fc.record({
  name: wellFormed,
  version: wellFormed,
  attributes,
  droppedAttributesCount: uint32,
  schemaUrl: wellFormed,
});

/** Any span that OTLP can carry. */
export const anySpan: fc.Arbitrary<SpanRecord> = fc.record({
  traceId: idOf(16),
  spanId: idOf(8),
  parentSpanId: fc.oneof(fc.constant(""), idOf(8)),
  traceState: wellFormed,
  flags: uint32,
  name: wellFormed,
  kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
  startUnixNano: uint64,
  endUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(
    fc.record({ timeUnixNano: uint64, name: wellFormed, attributes, droppedAttributesCount: uint32 }),
    { maxLength: 2 },
  ),
  droppedEventsCount: uint32,
  links: fc.array(
    fc.record({
      traceId: idOf(16),
      spanId: idOf(8),
      traceState: wellFormed,
      attributes,
      droppedAttributesCount: uint32,
      flags: uint32,
    }),
    { maxLength: 2 },
  ),
  droppedLinksCount: uint32,
  statusCode: fc.constantFrom(0, 1, 2),
  statusMessage: wellFormed,
  resource,
  scope,
});
