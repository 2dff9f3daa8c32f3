import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue, KeyValue, SpanRecord } from "../model.ts";
import type { SpanQuery } from "../query/reader.ts";
import { encodeBatch } from "./batch-encoding.ts";
import { exampleSpan, plainScope, resourceOf, text } from "./example-spans.ts";
import { MemoryIndex } from "./memory-index.ts";

function indexOf(...batches: SpanRecord[][]): MemoryIndex {
  const index = new MemoryIndex();
  batches.forEach((spans, segment) => index.add(segment, encodeBatch(spans), spans));
  return index;
}

async function found(index: MemoryIndex, query: Partial<SpanQuery>): Promise<string[]> {
  const traces = await index.search({ tags: [], limit: 20, ...query });
  return traces.map(([span]) => span?.traceId.replace(/^0+/, "") ?? "");
}

const traceId = (n: number): string => n.toString(16).padStart(32, "0");
const spanId = (n: number): string => n.toString(16).padStart(16, "0");

test("services and operations are sorted, from every segment, each once", async () => {
  const index = indexOf(
    [exampleSpan({ name: "b" }), exampleSpan({ spanId: spanId(2), name: "a", kind: 3 })],
    [exampleSpan({ spanId: spanId(3), name: "a", kind: 2, resource: resourceOf("desk") })],
    [exampleSpan({ spanId: spanId(4), name: "a", kind: 1 })],
  );
  expect(await index.services()).toEqual(["desk", "shop"]);
  expect(await index.operations("shop")).toEqual([
    { name: "a", kind: 1 },
    { name: "a", kind: 3 },
    { name: "b", kind: 2 },
  ]);
  expect(await index.operations("nobody")).toEqual([]);
});

test("tags are found wherever they stand, by their text", async () => {
  const list = (key: string, value: AttributeValue): KeyValue[] => [{ key, value }];
  const index = indexOf([
    exampleSpan({
      name: "op",
      kind: 4,
      traceState: "a=b",
      statusCode: 2,
      statusMessage: "desk refused",
      attributes: [
        ...list("bool", { type: "bool", value: true }),
        ...list("int", { type: "int", value: 2n ** 62n }),
        ...list("double", { type: "double", value: 0.1 }),
        ...list("bytes", { type: "bytes", value: Uint8Array.of(255) }),
        ...list("none", { type: "empty" }),
        ...list("array", {
          type: "array",
          value: [{ type: "int", value: 2n ** 62n }, { type: "double", value: NaN }, { type: "empty" }],
        }),
        ...list("map", { type: "map", value: [text("k", 'v"')] }),
      ],
      resource: { ...resourceOf("shop"), attributes: [text("service.name", "shop"), text("host", "h1")] },
      scope: { ...plainScope, attributes: [text("in.scope", "yes")] },
      events: [
        {
          timeUnixNano: 1n,
          name: "exception",
          attributes: [text("in.event", "e")],
          droppedAttributesCount: 0,
        },
      ],
      links: [
        {
          traceId: traceId(9),
          spanId: spanId(9),
          traceState: "",
          attributes: [text("in.link", "l")],
          droppedAttributesCount: 0,
          flags: 0,
        },
      ],
    }),
  ]);
  const tags = {
    bool: "true",
    int: "4611686018427387904",
    double: "0.1",
    bytes: "/w==",
    none: "",
    array: '[4611686018427387904,"NaN",null]',
    map: '{"k":"v\\""}',
    host: "h1",
    "service.name": "shop",
    "in.scope": "yes",
    "in.event": "e",
    "in.link": "l",
    error: "true",
    event: "exception",
    "span.kind": "producer",
    "otel.status_code": "ERROR",
    "otel.status_description": "desk refused",
    "otel.scope.name": "example",
    "otel.scope.version": "1.0",
    "w3c.tracestate": "a=b",
  };
  const missed: string[] = [];
  const wrong: string[] = [];
  for (const [key, value] of Object.entries(tags)) {
    if ((await found(index, { tags: [{ key, value }] })).length !== 1) missed.push(key);
    if ((await found(index, { tags: [{ key, value: `${value}x` }] })).length > 0) wrong.push(key);
  }
  expect({ missed, wrong }).toEqual({ missed: [], wrong: [] });
  const all = Object.entries(tags).map(([key, value]) => ({ key, value }));
  expect(await found(index, { service: "shop", operation: "op", tags: all })).toHaveLength(1);
});

test("error=false finds spans whose status is not an error", async () => {
  const index = indexOf([
    exampleSpan({ traceId: traceId(1), statusCode: 2 }),
    exampleSpan({ traceId: traceId(2), statusCode: 1 }),
    exampleSpan({ traceId: traceId(3), statusCode: 0 }),
  ]);
  expect(await found(index, { tags: [{ key: "error", value: "false" }] })).toEqual(["2", "3"]);
});

test("all conditions must hold on one span", async () => {
  const index = indexOf([
    exampleSpan({ spanId: spanId(1), name: "a", attributes: [text("k", "1")] }),
    exampleSpan({ spanId: spanId(2), name: "b", attributes: [text("k", "2")] }),
  ]);
  expect(await found(index, { operation: "a", tags: [{ key: "k", value: "2" }] })).toEqual([]);
  expect(await found(index, { operation: "b", tags: [{ key: "k", value: "2" }] })).toHaveLength(1);
});

test("times and durations are compared inclusively, to the nanosecond", async () => {
  const index = indexOf([exampleSpan({ startUnixNano: 1000n, endUnixNano: 1100n })]);
  const hits = async (query: Partial<SpanQuery>) => (await found(index, query)).length;
  expect(await hits({ startMin: 1000n, startMax: 1000n, durationMin: 100n, durationMax: 100n })).toBe(1);
  expect(await hits({ startMin: 1001n })).toBe(0);
  expect(await hits({ startMax: 999n })).toBe(0);
  expect(await hits({ durationMin: 101n })).toBe(0);
  expect(await hits({ durationMax: 99n })).toBe(0);
});

test("the trace with the newest matching span comes first, though it was received in another segment", async () => {
  const at = (trace: number, span: number, start: bigint, name: string) =>
    exampleSpan({
      traceId: traceId(trace),
      spanId: spanId(span),
      startUnixNano: start,
      endUnixNano: start,
      name,
    });
  const index = indexOf(
    [at(1, 1, 500n, "match"), at(2, 2, 100n, "match"), at(3, 3, 300n, "match")],
    // Trace 2 has the newest span of all, but that one does not match.
    [at(2, 4, 900n, "other"), at(3, 5, 600n, "match")],
  );
  expect(await found(index, { operation: "match" })).toEqual(["3", "1", "2"]);
  expect(await found(index, { operation: "match", limit: 2 })).toEqual(["3", "1"]);
  expect(await found(index, { operation: "match", limit: 0 })).toEqual([]);
});

test("search finds what comparing every span finds", async () => {
  const small = (max: number) => fc.integer({ min: 1, max });
  const spanArbitrary = fc
    .record({
      trace: small(4),
      span: small(40),
      start: small(12),
      duration: small(4),
      service: fc.constantFrom("a", "b"),
      name: fc.constantFrom("x", "y"),
      tag: fc.constantFrom("1", "2"),
      statusCode: fc.constantFrom(0 as const, 2 as const),
    })
    .map(({ trace, span, start, duration, service, name, tag, statusCode }) =>
      exampleSpan({
        traceId: traceId(trace),
        spanId: spanId(span),
        startUnixNano: BigInt(start),
        endUnixNano: BigInt(start + duration),
        name,
        resource: resourceOf(service),
        attributes: [text("tag", tag)],
        statusCode,
      }),
    );
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const queryArbitrary = fc.record({
    service: optional(fc.constantFrom("a", "b", "c")),
    operation: optional(fc.constantFrom("x", "y")),
    tag: optional(fc.constantFrom("1", "2")),
    failed: fc.boolean(),
    startMin: optional(small(12)),
    startMax: optional(small(12)),
    durationMin: optional(small(4)),
    limit: small(4),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(spanArbitrary, { maxLength: 8 }), { maxLength: 4 }),
      queryArbitrary,
      async (batches, q) => {
        const latest = new Map(batches.flat().map((span) => [`${span.traceId} ${span.spanId}`, span]));
        const newest = new Map<string, bigint>();
        for (const span of latest.values()) {
          const { traceId: id, startUnixNano: start, endUnixNano } = span;
          const matches =
            (q.service === undefined ||
              span.resource.attributes.some(
                (a) => a.value.type === "string" && a.value.value === q.service,
              )) &&
            (q.operation === undefined || span.name === q.operation) &&
            (q.tag === undefined ||
              span.attributes.some((a) => a.value.type === "string" && a.value.value === q.tag)) &&
            (!q.failed || span.statusCode === 2) &&
            (q.startMin === undefined || start >= BigInt(q.startMin)) &&
            (q.startMax === undefined || start <= BigInt(q.startMax)) &&
            (q.durationMin === undefined || endUnixNano - start >= BigInt(q.durationMin));
          if (matches && start > (newest.get(id) ?? -1n)) newest.set(id, start);
        }
        const expected = [...newest]
          .sort(([idA, a], [idB, b]) => (a === b ? (idA < idB ? -1 : 1) : a > b ? -1 : 1))
          .slice(0, q.limit)
          .map(([id]) => id.replace(/^0+/, ""));
        const query: SpanQuery = {
          tags: [
            ...(q.tag === undefined ? [] : [{ key: "tag", value: q.tag }]),
            ...(q.failed ? [{ key: "error", value: "true" }] : []),
          ],
          limit: q.limit,
          ...(q.service === undefined ? {} : { service: q.service }),
          ...(q.operation === undefined ? {} : { operation: q.operation }),
          ...(q.startMin === undefined ? {} : { startMin: BigInt(q.startMin) }),
          ...(q.startMax === undefined ? {} : { startMax: BigInt(q.startMax) }),
          ...(q.durationMin === undefined ? {} : { durationMin: BigInt(q.durationMin) }),
        };
        expect(await found(indexOf(...batches), query)).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});
