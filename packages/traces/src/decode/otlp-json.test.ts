import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { MalformedJsonError } from "./json-fields.ts";
import { decodeOtlpJson } from "./otlp-json.ts";

const ids = { traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "EEE19B7EC3C1B174" };

function decode(text: string): SpanRecord[] {
  return decodeOtlpJson(Buffer.from(text)).spans;
}

function oneSpan(fields: object): SpanRecord | undefined {
  return decode(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, ...fields }] }] }] }))[0];
}

test("a request as OTLP's own example writes it is read in full", () => {
  const [span] = decode(`{"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}],"droppedAttributesCount":1},
    "scopeSpans":[{
      "scope":{"name":"my.library","version":"1.0.0","attributes":[{"key":"a","value":{"boolValue":true}}]},
      "spans":[{
        "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173",
        "traceState":"a=b","flags":257,"name":"I'm a server span","kind":2,
        "startTimeUnixNano":"1544712660123456789","endTimeUnixNano":"1544712661000000000",
        "attributes":[{"key":"int","value":{"intValue":"-9223372036854775808"}},{"key":"none"}],
        "events":[{"timeUnixNano":"1544712660500000000","name":"retry","attributes":[]}],
        "links":[{"traceId":"5b8efff798038103d269b633813fc60d","spanId":"eee19b7ec3c1b175","flags":1}],
        "status":{"code":2,"message":"broken"}
      }],
      "schemaUrl":"https://example.org/scope"
    }],
    "schemaUrl":"https://example.org/resource"
  }]}`);
  expect(span).toMatchObject({
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    parentSpanId: "eee19b7ec3c1b173",
    traceState: "a=b",
    flags: 257,
    name: "I'm a server span",
    kind: 2,
    startUnixNano: 1_544_712_660_123_456_789n,
    endUnixNano: 1_544_712_661_000_000_000n,
    attributes: [
      { key: "int", value: { type: "int", value: -(2n ** 63n) } },
      { key: "none", value: { type: "empty" } },
    ],
    events: [{ timeUnixNano: 1_544_712_660_500_000_000n, name: "retry" }],
    links: [{ traceId: "5b8efff798038103d269b633813fc60d", spanId: "eee19b7ec3c1b175", flags: 1 }],
    statusCode: 2,
    statusMessage: "broken",
    resource: { droppedAttributesCount: 1, schemaUrl: "https://example.org/resource" },
    scope: { name: "my.library", version: "1.0.0", schemaUrl: "https://example.org/scope" },
  });
});

test("64-bit integers written as bare numbers keep every digit", () => {
  const [span] = decode(
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${ids.traceId}","spanId":"${ids.spanId}",` +
      `"startTimeUnixNano":1544712660123456789,"attributes":[{"key":"d","value":{"doubleValue":12345678901234567890}},` +
      `{"key":"i","value":{"intValue":9007199254740993}}]}]}]}]}`,
  );
  expect(span?.startUnixNano).toBe(1_544_712_660_123_456_789n);
  expect(span?.attributes.map(({ value }) => value)).toEqual([
    { type: "double", value: Number("12345678901234567890") },
    { type: "int", value: 9_007_199_254_740_993n },
  ]);
});

test("enums are numbers, their names are taken too, and what is unknown is zero", () => {
  expect(oneSpan({ kind: "SPAN_KIND_CONSUMER", status: { code: "STATUS_CODE_ERROR" } })).toMatchObject({
    kind: 5,
    statusCode: 2,
  });
  expect(oneSpan({ kind: "SPAN_KIND_LATER", status: { code: 9 } })).toMatchObject({ kind: 0, statusCode: 0 });
});

test("every type of value is read, nested ones too", () => {
  const span = oneSpan({
    attributes: [
      { key: "bytes", value: { bytesValue: "/+8=" } },
      { key: "urlsafe", value: { bytesValue: "_-8" } },
      { key: "double", value: { doubleValue: "-Infinity" } },
      {
        key: "map",
        value: { kvlistValue: { values: [{ key: "in", value: { arrayValue: { values: [{}] } } }] } },
      },
    ],
  });
  const bytes = { type: "bytes", value: Uint8Array.of(0xff, 0xef) };
  expect(span?.attributes).toEqual([
    { key: "bytes", value: bytes },
    { key: "urlsafe", value: bytes },
    { key: "double", value: { type: "double", value: -Infinity } },
    {
      key: "map",
      value: {
        type: "map",
        value: [{ key: "in", value: { type: "array", value: [{ type: "empty" }] } }],
      },
    },
  ]);
});

test("null is the same as absent, unknown keys are ignored, inherited names are no members", () => {
  expect(oneSpan({ name: null, status: null, attributes: null, later: { a: [1] } })).toMatchObject({
    name: "",
    statusCode: 0,
    attributes: [],
  });
  expect(decode("{}")).toEqual([]);
  expect(decode(`{"__proto__":{"resourceSpans":7},"toString":1}`)).toEqual([]);
});

test.each([
  ["not JSON", `{"resourceSpans": [`, "the body is not JSON"],
  ["an array", "[]", "must be an object"],
  ["a wrong list", `{"resourceSpans":{}}`, "resourceSpans must be an array"],
  [
    "a wrong name",
    `{"resourceSpans":[{"scopeSpans":[{},{"spans":[{"name":"hunter2"},{"name":5}]}]}]}`,
    "resourceSpans[0].scopeSpans[1].spans[1].name must be a string",
  ],
  [
    "a wrong integer",
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"hunter2"}]}]}]}`,
    "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano must be an integer",
  ],
  [
    "wrong base64",
    `{"resourceSpans":[{"resource":{"attributes":[{"value":{"bytesValue":"*"}}]}}]}`,
    "resourceSpans[0].resource.attributes[0].value.bytesValue must be base64",
  ],
])("%s is refused, naming the place and never the value", (_what, text, message) => {
  expect(() => decode(text)).toThrow(expect.objectContaining({ name: "MalformedJsonError", message }));
});

test("JSON nested a hundred thousand deep is refused", () => {
  const deep = `${'{"arrayValue":{"values":['.repeat(100_000)}${"]}}".repeat(100_000)}`;
  expect(() =>
    decode(`{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":${deep}}]}}]}`),
  ).toThrow(MalformedJsonError);
  expect(() => decode(`${"[".repeat(200_000)}1234567890123456${"]".repeat(200_000)}`)).toThrow(
    MalformedJsonError,
  );
});

test("any JSON is decoded or refused, never anything else", () => {
  const keys = fc.constantFrom(
    "resourceSpans",
    "scopeSpans",
    "spans",
    "resource",
    "attributes",
    "value",
    "kind",
  );
  const anything = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 7 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(keys, tie("node"), { maxKeys: 4 }),
    ),
  })).node;
  const outcome = (value: unknown): string => {
    try {
      decode(JSON.stringify(value));
      return "decoded";
    } catch (error) {
      return error instanceof Error ? error.name : "no error at all";
    }
  };
  fc.assert(
    fc.property(anything, (value) => {
      expect(["decoded", "MalformedJsonError"]).toContain(outcome(value));
    }),
    { numRuns: 1_000 },
  );
});

test("members may have their names of the protocol's definition, as parsers of proto3's JSON take them", () => {
  const { spans } = decodeOtlpJson(
    Buffer.from(
      JSON.stringify({
        resource_spans: [
          {
            resource: { attributes: [{ key: "service.name", value: { string_value: "shop" } }] },
            scope_spans: [
              {
                spans: [
                  {
                    trace_id: "A".repeat(32),
                    span_id: "b".repeat(16),
                    parent_span_id: "c".repeat(16),
                    start_time_unix_nano: "5",
                    end_time_unix_nano: 7,
                    dropped_attributes_count: 1,
                    attributes: [{ key: "n", value: { int_value: "12" } }],
                  },
                ],
              },
            ],
          },
        ],
      }),
    ),
  );
  expect(spans).toMatchObject([
    {
      traceId: "a".repeat(32),
      parentSpanId: "c".repeat(16),
      startUnixNano: 5n,
      endUnixNano: 7n,
      droppedAttributesCount: 1,
      attributes: [{ key: "n", value: { type: "int", value: 12n } }],
      resource: { attributes: [{ key: "service.name", value: { type: "string", value: "shop" } }] },
    },
  ]);
});
