import { expect, test } from "vitest";
import { exampleSpan, plainScope, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const path = `/api/v3/traces/${traceId}`;

test("a trace is OTLP JSON, byte for byte", async () => {
  const resource = { ...resourceOf("shop"), droppedAttributesCount: 2, schemaUrl: "https://schema/1" };
  const scope = { ...plainScope, attributes: [text("s", "1")], schemaUrl: "https://schema/2" };
  const full = exampleSpan({
    resource,
    scope,
    traceState: "vendor=1",
    flags: 257,
    attributes: [
      { key: "bool", value: { type: "bool", value: false } },
      { key: "bytes", value: { type: "bytes", value: new Uint8Array([0, 255]) } },
      { key: "empty", value: { type: "empty" } },
      { key: "int", value: { type: "int", value: -(2n ** 63n) } },
      { key: "list", value: { type: "array", value: [] } },
      { key: "map", value: { type: "map", value: [text("k", "")] } },
      { key: "nan", value: { type: "double", value: Number.NaN } },
      { key: "zero", value: { type: "double", value: 0 } },
    ],
    droppedAttributesCount: 3,
    events: [{ timeUnixNano: 5n, name: "e", attributes: [text("k", "v")], droppedAttributesCount: 4 }],
    droppedEventsCount: 5,
    links: [
      {
        traceId: "b".repeat(32),
        spanId: "1".repeat(16),
        traceState: "x=y",
        attributes: [text("k", "v")],
        droppedAttributesCount: 6,
        flags: 1,
      },
    ],
    droppedLinksCount: 7,
    statusCode: 2,
    statusMessage: "it broke",
  });
  const child = exampleSpan({
    resource,
    scope,
    spanId: "2".repeat(16),
    parentSpanId: full.spanId,
    kind: 0,
    name: "child",
  });
  const bare = exampleSpan({ spanId: "3".repeat(16), scope: { ...plainScope, name: "", version: "" } });
  const { status, type, body } = await get(serverOver([full, child, bare]), path);
  expect([status, type]).toEqual([200, "application/json"]);
  expect(body).toBe(
    `{"result":{"resourceSpans":[` +
      `{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],"droppedAttributesCount":2},` +
      `"scopeSpans":[{"scope":{"name":"example","version":"1.0","attributes":[{"key":"s","value":{"stringValue":"1"}}]},"spans":[` +
      `{"traceId":"${traceId}","spanId":"b7ad6b7169203331","traceState":"vendor=1","flags":257,"name":"GET /","kind":2,` +
      `"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000","attributes":[` +
      `{"key":"bool","value":{"boolValue":false}},{"key":"bytes","value":{"bytesValue":"AP8="}},{"key":"empty","value":{}},` +
      `{"key":"int","value":{"intValue":"-9223372036854775808"}},{"key":"list","value":{"arrayValue":{}}},` +
      `{"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":""}}]}}},` +
      `{"key":"nan","value":{"doubleValue":"NaN"}},{"key":"zero","value":{"doubleValue":0}}],"droppedAttributesCount":3,` +
      `"events":[{"timeUnixNano":"5","name":"e","attributes":[{"key":"k","value":{"stringValue":"v"}}],"droppedAttributesCount":4}],"droppedEventsCount":5,` +
      `"links":[{"traceId":"${"b".repeat(32)}","spanId":"1111111111111111","traceState":"x=y","attributes":[{"key":"k","value":{"stringValue":"v"}}],"droppedAttributesCount":6,"flags":1}],"droppedLinksCount":7,` +
      `"status":{"message":"it broke","code":2}},` +
      `{"traceId":"${traceId}","spanId":"2222222222222222","parentSpanId":"b7ad6b7169203331","name":"child",` +
      `"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000","status":{}}` +
      `],"schemaUrl":"https://schema/2"}],"schemaUrl":"https://schema/1"},` +
      `{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{},"spans":[` +
      `{"traceId":"${traceId}","spanId":"3333333333333333","name":"GET /","kind":2,` +
      `"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000","status":{}}]}]}]}}`,
  );
});

test("times are exact to the nanosecond, to the end of OTLP's range", async () => {
  const { body } = await get(
    serverOver([exampleSpan({ startUnixNano: 1n, endUnixNano: 2n ** 64n - 1n })]),
    path,
  );
  expect(body).toContain('"startTimeUnixNano":"1","endTimeUnixNano":"18446744073709551615"');
});

test("adjusters are skipped when the raw trace is asked for, in either spelling", async () => {
  const server = serverOver([exampleSpan({ attributes: [text("b", "1"), text("a", "2")] })]);
  const keysOf = async (query: string): Promise<string[]> => {
    const { result } = JSON.parse((await get(server, path + query)).body);
    return result.resourceSpans[0].scopeSpans[0].spans[0].attributes.map(({ key }: { key: string }) => key);
  };
  expect(await keysOf("")).toEqual(["a", "b"]);
  expect(await keysOf("?rawTraces=true")).toEqual(["b", "a"]);
  expect(await keysOf("?raw_traces=1")).toEqual(["b", "a"]);
});

test("an unknown trace is 404, a wrong parameter 400, both with Jaeger's error", async () => {
  const server = serverOver([]);
  const missing = await get(server, path);
  expect([missing.status, missing.type, missing.body]).toEqual([
    404,
    "text/plain; charset=utf-8",
    '{"error":{"httpCode":404,"message":"No traces found"}}\n',
  ]);
  for (const url of [
    "/api/v3/traces/xyz",
    `${path}?startTime=now`,
    `${path}?end_time=1`,
    `${path}?rawTraces=x`,
    "/api/v3/traces/%ff",
  ]) {
    const { status, body } = await get(server, url);
    expect([url, status]).toEqual([url, 400]);
    expect(JSON.parse(body)).toEqual({ error: { httpCode: 400, message: expect.any(String) } });
  }
});
