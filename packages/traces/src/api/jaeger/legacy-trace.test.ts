import { expect, test } from "vitest";
import type { KeyValue, SpanRecord } from "../../model.ts";
import { exampleSpan, plainScope, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const everything: KeyValue[] = [
  { key: "z.bool", value: { type: "bool", value: false } },
  { key: "a.int", value: { type: "int", value: -5n } },
  { key: "b.big", value: { type: "int", value: 9_007_199_254_740_993n } },
  { key: "c.double", value: { type: "double", value: 0.5 } },
  { key: "d.nan", value: { type: "double", value: Number.NaN } },
  { key: "e.bytes", value: { type: "bytes", value: new Uint8Array([0, 255]) } },
  {
    key: "f.array",
    value: {
      type: "array",
      value: [
        { type: "int", value: 1n },
        { type: "string", value: "x" },
      ],
    },
  },
  { key: "g.map", value: { type: "map", value: [text("k", "v")] } },
  { key: "h.empty", value: { type: "empty" } },
];

async function legacyTrace(spans: readonly SpanRecord[], query = "") {
  const { status, type, body } = await get(serverOver(spans), `/api/traces/${traceId}${query}`);
  expect([status, type]).toEqual([200, "application/json"]);
  return JSON.parse(body).data[0];
}

test("a span becomes Jaeger's model, byte for byte", async () => {
  const span = exampleSpan({
    parentSpanId: "00f067aa0ba902b7",
    traceState: "vendor=1",
    name: "GET /<cart>",
    startUnixNano: 1_700_000_000_000_001_999n,
    endUnixNano: 1_700_000_000_250_001_998n,
    attributes: everything,
    statusCode: 2,
    statusMessage: "it broke",
    events: [
      {
        timeUnixNano: 1_700_000_000_000_009_999n,
        name: "exception",
        attributes: [text("k", "v")],
        droppedAttributesCount: 1,
      },
    ],
    resource: {
      ...resourceOf("shop"),
      attributes: [text("service.name", "shop"), text("host.name", "web-1")],
    },
  });
  const parent = exampleSpan({ spanId: "00f067aa0ba902b7", endUnixNano: 1_700_000_001_000_000_000n });
  const { body } = await get(serverOver([span, parent]), `/api/traces/${traceId}`);
  const tags = [
    '{"key":"otel.scope.name","type":"string","value":"example"}',
    '{"key":"otel.scope.version","type":"string","value":"1.0"}',
    '{"key":"a.int","type":"int64","value":-5}',
    '{"key":"b.big","type":"int64","value":"9007199254740993"}',
    '{"key":"c.double","type":"float64","value":0.5}',
    '{"key":"d.nan","type":"float64","value":"NaN"}',
    '{"key":"e.bytes","type":"binary","value":"AP8="}',
    '{"key":"f.array","type":"string","value":"[1,\\"x\\"]"}',
    '{"key":"g.map","type":"string","value":"{\\"k\\":\\"v\\"}"}',
    '{"key":"h.empty","type":"string","value":""}',
    '{"key":"z.bool","type":"bool","value":false}',
    '{"key":"span.kind","type":"string","value":"server"}',
    '{"key":"otel.status_code","type":"string","value":"ERROR"}',
    '{"key":"error","type":"bool","value":true}',
    '{"key":"otel.status_description","type":"string","value":"it broke"}',
    '{"key":"w3c.tracestate","type":"string","value":"vendor=1"}',
  ];
  const scopeTags = tags.slice(0, 2);
  const kindTag = '{"key":"span.kind","type":"string","value":"server"}';
  expect(body).toBe(
    `{"data":[{"traceID":"${traceId}","spans":[` +
      `{"traceID":"${traceId}","spanID":"00f067aa0ba902b7","operationName":"GET /","references":[],` +
      `"startTime":1700000000000000,"duration":1000000,"tags":[${[...scopeTags, kindTag].join(",")}],"logs":[],"processID":"p1","warnings":null},` +
      `{"traceID":"${traceId}","spanID":"b7ad6b7169203331","operationName":"GET /<cart>",` +
      `"references":[{"refType":"CHILD_OF","traceID":"${traceId}","spanID":"00f067aa0ba902b7"}],` +
      `"startTime":1700000000000001,"duration":249999,"tags":[${tags.join(",")}],` +
      `"logs":[{"timestamp":1700000000000009,"fields":[{"key":"event","type":"string","value":"exception"},{"key":"k","type":"string","value":"v"}]}],` +
      `"processID":"p2","warnings":null}],` +
      `"processes":{"p1":{"serviceName":"shop","tags":[]},"p2":{"serviceName":"shop","tags":[{"key":"host.name","type":"string","value":"web-1"}]}},` +
      `"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}`,
  );
});

test("raw keeps the attributes as they were sent and adds no warnings", async () => {
  const span = exampleSpan({ parentSpanId: "1".repeat(16), attributes: everything });
  const raw = await legacyTrace([span], "?raw=T");
  expect(raw.spans[0].tags[2].key).toBe("z.bool");
  expect(raw.spans[0].warnings).toBeNull();
  const adjusted = await legacyTrace([span]);
  expect(adjusted.spans[0].tags[2].key).toBe("a.int");
  expect(adjusted.spans[0].warnings).toEqual([expect.stringContaining("parent span ID=1111111111111111")]);
  expect(JSON.stringify(adjusted)).not.toContain("@jaeger@warnings");
});

test("links become references, and one to the parent says what kind of parent it is", async () => {
  const link = { traceState: "", attributes: [], droppedAttributesCount: 0, flags: 0 };
  const parentSpanId = "1".repeat(16);
  const childOf = [text("opentracing.ref_type", "child_of")];
  const { spans } = await legacyTrace([
    exampleSpan({
      parentSpanId,
      links: [
        { ...link, traceId, spanId: parentSpanId },
        { ...link, traceId: "b".repeat(32), spanId: "2".repeat(16) },
        {
          ...link,
          traceId: `${"0".repeat(16)}${"c".repeat(16)}`,
          spanId: "3".repeat(16),
          attributes: childOf,
        },
      ],
    }),
  ]);
  expect(spans[0].references).toEqual([
    { refType: "FOLLOWS_FROM", traceID: traceId, spanID: parentSpanId },
    { refType: "FOLLOWS_FROM", traceID: "b".repeat(32), spanID: "2".repeat(16) },
    { refType: "CHILD_OF", traceID: "c".repeat(16), spanID: "3".repeat(16) },
  ]);
});

test("equal processes are one, numbered by first use", async () => {
  const other = resourceOf("other");
  const { spans, processes } = await legacyTrace([
    exampleSpan({ resource: other }),
    exampleSpan({ spanId: "2".repeat(16) }),
    exampleSpan({ spanId: "3".repeat(16), resource: structuredClone(other) }),
  ]);
  expect(spans.map((span: { processID: string }) => span.processID)).toEqual(["p1", "p2", "p1"]);
  expect(processes).toEqual({
    p1: { serviceName: "other", tags: [] },
    p2: { serviceName: "shop", tags: [] },
  });
});

test("an unspecified kind, an unset status, empty scopes and event names leave no tags", async () => {
  const event = { timeUnixNano: 5_000n, droppedAttributesCount: 0 };
  const { spans } = await legacyTrace([
    exampleSpan({
      kind: 0,
      scope: { ...plainScope, name: "", version: "" },
      events: [
        { ...event, name: "", attributes: [text("a", "b")] },
        { ...event, name: "named", attributes: [text("event", "own")] },
      ],
    }),
  ]);
  expect(spans[0].tags).toEqual([]);
  expect(spans[0].logs).toEqual([
    { timestamp: 5, fields: [{ key: "a", type: "string", value: "b" }] },
    { timestamp: 5, fields: [{ key: "event", type: "string", value: "own" }] },
  ]);
});

test("an id of 64 bits is found in any of its forms and shown in 16 digits", async () => {
  const short = "00000000000000ab";
  const server = serverOver([exampleSpan({ traceId: short.padStart(32, "0") })]);
  const base64 = encodeURIComponent(Buffer.from(short, "hex").toString("base64"));
  for (const form of ["ab", "AB", short, short.padStart(32, "0"), base64]) {
    const { status, body } = await get(server, `/api/traces/${form}`);
    expect([form, status]).toEqual([form, 200]);
    expect(JSON.parse(body).data[0].traceID).toBe(short);
  }
});

test("a span that does not end after its start has a warning, one without names gets Jaeger's", async () => {
  const { spans, processes } = await legacyTrace([
    exampleSpan({
      name: "",
      endUnixNano: 1_700_000_000_000_000_000n,
      resource: { ...resourceOf(""), attributes: [] },
    }),
  ]);
  expect(spans[0]).toMatchObject({
    operationName: "empty-span-name",
    duration: 0,
    warnings: [expect.stringContaining("1 ns")],
  });
  expect(processes.p1.serviceName).toBe("missing-service-name");
});

test("times at the end of OTLP's range are answered", async () => {
  const { spans } = await legacyTrace([exampleSpan({ startUnixNano: 0n, endUnixNano: 2n ** 64n - 1n })]);
  expect(spans[0]).toMatchObject({ startTime: 0, duration: Number((2n ** 64n - 1n) / 1_000n) });
});

test("prettyPrint indents by four spaces unless it is false", async () => {
  const server = serverOver([exampleSpan()]);
  const plain = await get(server, `/api/traces/${traceId}?prettyPrint=false`);
  const pretty = await get(server, `/api/traces/${traceId}?prettyPrint=true`);
  expect(pretty.body).toBe(JSON.stringify(JSON.parse(plain.body), null, 4));
  expect(pretty.body).not.toBe(plain.body);
});

test("an unknown trace and a wrong id are errors in the envelope, as plain text", async () => {
  const server = serverOver([]);
  const missing = await get(server, "/api/traces/abc");
  expect([missing.status, missing.type, missing.headers["x-content-type-options"]]).toEqual([
    404,
    "text/plain; charset=utf-8",
    "nosniff",
  ]);
  expect(missing.body).toBe(
    '{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}\n',
  );
  for (const url of [
    "/api/traces/xyz",
    "/api/traces/ab?start=x",
    "/api/traces/ab?raw=maybe",
    `/api/traces/${"a".repeat(33)}`,
  ]) {
    const { status, body } = await get(server, url);
    expect([url, status]).toEqual([url, 400]);
    expect(JSON.parse(body).errors).toEqual([{ code: 400, msg: expect.any(String) }]);
  }
});
