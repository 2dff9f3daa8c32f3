import { expect, test } from "vitest";
import { exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const id = (digit: string): string => digit.repeat(32);
const window = "query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z";
const spans = [
  exampleSpan({ traceId: id("a"), attributes: [text("ticket.id", "TICKET-1")] }),
  exampleSpan({
    traceId: id("b"),
    spanId: "1".repeat(16),
    kind: 0,
    startUnixNano: 1_700_000_000_100_000_001n,
    statusCode: 2,
  }),
  exampleSpan({
    traceId: id("b"),
    spanId: "2".repeat(16),
    parentSpanId: "f".repeat(16),
    kind: 1,
    startUnixNano: 1_700_000_000_200_000_000n,
    endUnixNano: 1_700_000_001_000_000_003n,
    resource: resourceOf("desk"),
  }),
];

async function found(query: string): Promise<string[]> {
  const { status, body } = await get(serverOver(spans), `/api/v3/trace-summaries?${query}`);
  expect([status, body]).toEqual([200, body]);
  return JSON.parse(body).summaries.map(({ traceId }: { traceId: string }) => traceId);
}

test("services and operations are listed, an unspecified kind as internal and once", async () => {
  const server = serverOver([...spans, exampleSpan({ spanId: "3".repeat(16), kind: 1 })]);
  expect((await get(server, "/api/v3/services")).body).toBe('{"services":["desk","shop"]}');
  expect((await get(server, "/api/v3/operations?service=shop")).body).toBe(
    '{"operations":[{"name":"GET /","spanKind":"internal"},{"name":"GET /","spanKind":"server"}]}',
  );
  for (const query of ["?service=shop&spanKind=SERVER", "?service=shop&span_kind=server"]) {
    expect(JSON.parse((await get(server, `/api/v3/operations${query}`)).body).operations).toHaveLength(1);
  }
  for (const query of ["", "?service=none"]) {
    expect((await get(server, `/api/v3/operations${query}`)).body).toBe('{"operations":[]}');
  }
  expect((await get(serverOver([]), "/api/v3/services")).body).toBe('{"services":[]}');
});

test("summaries are Jaeger's, zeros left out, newest trace first", async () => {
  const { type, body } = await get(serverOver(spans), `/api/v3/trace-summaries?${window}`);
  expect(type).toBe("application/json");
  expect(body).toBe(
    `{"summaries":[{"traceId":"${id("b")}","rootServiceName":"shop","rootOperationName":"GET /",` +
      `"minStartTimeUnixNano":"1700000000100000001","maxEndTimeUnixNano":"1700000001000000003","spanCount":2,"errorSpanCount":1,"orphanSpanCount":1,` +
      `"services":[{"name":"desk","spanCount":1},{"name":"shop","spanCount":1,"errorSpanCount":1}]},` +
      `{"traceId":"${id("a")}","rootServiceName":"shop","rootOperationName":"GET /",` +
      `"minStartTimeUnixNano":"1700000000000000000","maxEndTimeUnixNano":"1700000000250000000","spanCount":1,"services":[{"name":"shop","spanCount":1}]}]}`,
  );
});

test("a trace without a root has none in its summary", async () => {
  const { body } = await get(serverOver(spans.slice(2)), `/api/v3/trace-summaries?${window}`);
  expect(JSON.parse(body).summaries[0]).not.toHaveProperty("rootServiceName");
});

test("both spellings of each parameter filter", async () => {
  const attributes = encodeURIComponent('{"ticket.id":"TICKET-1"}');
  expect(await found(`${window}&query.attributes=${attributes}`)).toEqual([id("a")]);
  expect(await found(`${window}&query.serviceName=desk`)).toEqual([id("b")]);
  expect(await found(`${window}&query.service_name=desk`)).toEqual([id("b")]);
  expect(await found(`${window}&query.serviceName=&query.service_name=desk`)).toEqual([id("b")]);
  expect(await found(`${window}&query.operation_name=none`)).toEqual([]);
  expect(await found(`${window}&query.durationMin=500ms`)).toEqual([id("b")]);
  expect(await found(`${window}&query.duration_max=200ms&query.serviceName=shop`)).toEqual([id("b")]);
  for (const depth of ["searchDepth", "search_depth", "num_traces"]) {
    expect(await found(`${window}&query.${depth}=1`)).toEqual([id("b")]);
  }
  const exact =
    "query.start_time_min=2023-11-14T22:13:20.1Z&query.start_time_max=2023-11-14T22:13:20.100000001Z";
  expect(await found(exact)).toEqual([id("b")]);
});

test("the structured filter stands alone and says what it means", async () => {
  const filter = (of: object) => `${window}&query.filter=${encodeURIComponent(JSON.stringify(of))}`;
  const named = { op: "eq", args: [{ attr: { key: "ticket.id" } }, { scalar: { value: "TICKET-1" } }] };
  expect(await found(filter(named))).toEqual([id("a")]);
  const desk = {
    op: "eq",
    args: [{ field: { name: "service", level: "resource" } }, { scalar: { value: "desk" } }],
  };
  expect(await found(filter({ op: "or", args: [{ call: desk }, { call: named }] }))).toEqual([
    id("b"),
    id("a"),
  ]);
  const { status } = await get(serverOver(spans), `/api/v3/traces?${filter(named)}&query.serviceName=desk`);
  expect(status).toBe(400);
});

test("a search for traces gives one list of resource spans, or 404 when nothing matches", async () => {
  const server = serverOver(spans);
  const { result } = JSON.parse((await get(server, `/api/v3/traces?${window}`)).body);
  expect(result.resourceSpans).toHaveLength(3);
  const none = await get(server, `/api/v3/traces?${window}&query.serviceName=none`);
  expect([none.status, none.body]).toEqual([404, '{"error":{"httpCode":404,"message":"No traces found"}}\n']);
});

test.each([
  "",
  "query.startTimeMin=2023-11-14T00:00:00Z",
  "query.startTimeMin=2023-11-15T00:00:00Z&query.startTimeMax=2023-11-14T00:00:00Z",
  "query.startTimeMin=2023-11-15T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z",
  "query.startTimeMin=1&query.startTimeMax=2",
  `${window}&query.searchDepth=-1`,
  `${window}&query.searchDepth=many`,
  `${window}&query.durationMin=5`,
  `${window}&query.durationMin=2s&query.durationMax=1s`,
  `${window}&query.attributes=x`,
  `${window}&query.attributes=%5B%5D`,
  `${window}&query.filter=%7B%7D`,
])("a query block of %s is refused with 400", async (query) => {
  for (const route of ["traces", "trace-summaries"]) {
    const { status, type, body } = await get(serverOver(spans), `/api/v3/${route}?${query}`);
    expect([route, status, type]).toEqual([route, 400, "text/plain; charset=utf-8"]);
    expect(JSON.parse(body)).toEqual({ error: { httpCode: 400, message: expect.any(String) } });
  }
});
