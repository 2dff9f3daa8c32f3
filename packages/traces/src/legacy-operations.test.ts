import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { decodeUploaded } from "./ingest.ts";
import type { SpanRecord } from "./model.ts";
import { exampleSpan, resourceOf } from "./store/example-spans.ts";
import { get, serverOver } from "./api/stored-traces.ts";

const second = 1_700_000_000_000_000_000n;
const ms = 1_000_000n;
const spanOf = (id: number, service: string, changes: Partial<SpanRecord>): SpanRecord =>
  exampleSpan({
    traceId: "a".repeat(32),
    spanId: String(id).padStart(16, "0"),
    resource: resourceOf(service),
    startUnixNano: second,
    endUnixNano: second + 10n * ms,
    kind: 2,
    statusCode: 0,
    events: [],
    links: [],
    attributes: [],
    ...changes,
  });
const spans = [
  spanOf(1, "shop", { name: "GET /cart", parentSpanId: "" }),
  spanOf(2, "stock", { name: "look", parentSpanId: "1".padStart(16, "0"), statusCode: 2 }),
  spanOf(3, "stock", { name: "look", parentSpanId: "1".padStart(16, "0"), endUnixNano: second + 30n * ms }),
  spanOf(4, "stock", { name: "query", parentSpanId: "2".padStart(16, "0"), kind: 3 }),
];
/** The minute of the spans ends at 22:14; the clock of the tests stands at its 21st second. */
const end = "endTs=1700000001000";

async function json(server: FastifyInstance, url: string): Promise<unknown> {
  const { status, body } = await get(server, url);
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

test("dependencies count calls from service to service in the window, in Jaeger's envelope", async () => {
  const server = serverOver(spans);
  const links = [{ parent: "shop", child: "stock", callCount: 2 }];
  const wrapped = { data: links, total: 0, limit: 0, offset: 0, errors: null };
  expect(await json(server, `/api/dependencies?${end}`)).toEqual(wrapped);
  expect(await json(server, "/api/dependencies")).toEqual(wrapped);
  expect(await json(server, `/api/dependencies?${end}&service=stock`)).toEqual(wrapped);
  expect(await json(server, `/api/dependencies?${end}&service=other`)).toMatchObject({ data: [] });
  expect(await json(server, "/api/dependencies?endTs=1600000000000&lookback=1000")).toMatchObject({
    data: [],
  });
  expect(
    await json(server, "/api/v3/dependencies?startTime=2023-11-14T00:00:00Z&endTime=2023-11-15T00:00:00Z"),
  ).toEqual({ dependencies: [{ parent: "shop", child: "stock", callCount: "2" }] });
});

test("rates, errors and latencies of services come as metric families", async () => {
  const server = serverOver(spans);
  const of = (metric: string, rest = ""): string =>
    `/api/metrics/${metric}?service=stock&${end}&lookback=60000&step=60000&ratePer=60000${rest}`;
  const point = (value: unknown) => [
    { gaugeValue: { doubleValue: value }, timestamp: "2023-11-14T22:14:00Z" },
  ];
  const labels = [{ name: "service_name", value: "stock" }];
  expect(await json(server, of("calls"))).toEqual({
    name: "service_call_rate",
    type: "GAUGE",
    help: "calls per second",
    metrics: [{ labels, metricPoints: point(2 / 60) }],
  });
  expect(await json(server, of("errors"))).toMatchObject({
    name: "service_error_rate",
    metrics: [{ labels, metricPoints: point(0.5) }],
  });
  const latencies = await json(server, of("latencies", "&quantile=0.95&groupByOperation=true"));
  expect(latencies).toMatchObject({
    name: "service_operation_latencies",
    metrics: [
      {
        labels: [{ name: "operation", value: "look" }, ...labels],
        metricPoints: point(expect.closeTo(30, -0.3)),
      },
    ],
  });
  expect(await json(server, of("calls", "&spanKind=client&spanKind=SPAN_KIND_SERVER"))).toMatchObject({
    metrics: [{ metricPoints: point(3 / 60) }],
  });
  expect(await json(server, of("calls").replace("stock", "other"))).toMatchObject({ metrics: [] });
  expect(await json(server, "/api/metrics/minstep")).toMatchObject({ data: 60_000, errors: null });
});

test.each([
  ["calls", "service"],
  ["latencies?service=a", "quantile"],
  ["latencies?service=a&quantile=2", "quantile"],
  ["latencies?service=a&quantile=x", "quantile"],
  ["calls?service=a&spanKind=other", "spanKind"],
  ["calls?service=a&step=0", "step"],
  ["calls?service=a&lookback=-1", "lookback"],
  ["calls?service=a&lookback=9000000000000000", "step"],
  ["calls?service=a&endTs=soon", "endTs"],
  ["calls?service=a&endTs=9223372036854775807", "endTs"],
  ["calls?service=a&groupByOperation=maybe", "groupByOperation"],
])("/api/metrics/%s is a wrong use of '%s', in Jaeger's words", async (path, name) => {
  const { status, body, type } = await get(serverOver(spans), `/api/metrics/${path}`);
  expect([status, type]).toEqual([400, "text/plain; charset=utf-8"]);
  expect(JSON.parse(body)).toMatchObject({ data: null, errors: [{ code: 400 }] });
  expect(body).toContain(`'${name}'`);
});

test("archiving pins a trace that is there", async () => {
  const pinned: string[] = [];
  const server = serverOver(spans, {
    pin: (traceId) => {
      pinned.push(traceId);
      return Promise.resolve();
    },
  });
  const archive = (id: string) => server.inject({ method: "POST", url: `/api/archive/${id}` });
  const done = await archive("a".repeat(32));
  expect([done.statusCode, done.body]).toEqual([
    200,
    '{"data":[],"total":0,"limit":0,"offset":0,"errors":[]}',
  ]);
  const foreign = await server.inject({
    method: "POST",
    url: `/api/archive/${"a".repeat(32)}`,
    headers: { origin: "https://elsewhere.example" },
  });
  expect(foreign.statusCode).toBe(403);
  expect((await archive("b".repeat(32))).statusCode).toBe(404);
  expect((await archive("what")).statusCode).toBe(400);
  expect(pinned).toEqual(["a".repeat(32)]);
});

test("OTLP JSON is transformed to Jaeger's model trace by trace, whatever its type is said to be", async () => {
  const server = serverOver([], { decodeJson: decodeUploaded });
  const span = (traceId: string, name: string) => ({ traceId, spanId: "1".repeat(16), name });
  const payload = JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [span("b".repeat(32), "one"), span("c".repeat(32), "two"), span("b".repeat(32), "three")],
          },
        ],
      },
    ],
  });
  const post = (body: string) =>
    server.inject({
      method: "POST",
      url: "/api/transform",
      payload: body,
      headers: { "content-type": "a/b" },
    });
  const { data } = (await post(payload)).json<{
    data: { traceID: string; spans: { operationName: string }[] }[];
  }>();
  expect(data.map(({ traceID, spans: own }) => [traceID[0], own.map((one) => one.operationName)])).toEqual([
    ["b", ["one", "three"]],
    ["c", ["two"]],
  ]);
  expect((await post("{")).statusCode).toBe(400);
  expect((await server.inject({ method: "POST", url: "/api/transform" })).statusCode).toBe(400);
});
