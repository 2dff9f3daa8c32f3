import { type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { openGate } from "./access.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import {
  call,
  type Chunk,
  messageOf,
  never,
  second,
  spans,
  spansOf,
  startServices,
  storage,
  times,
  traceId,
  v3,
} from "./example-grpc-services.ts";
import { exampleSpan, text } from "./store/example-spans.ts";

test("api_v3 answers a trace, searches and lists names", async () => {
  const { client } = await startServices(spans);
  const trace = spansOf(await call(client, `${v3}/GetTrace`, { traceId: "a", rawTraces: true }));
  expect(trace.map(({ spanId }) => spanId).toSorted()).toEqual(["1".repeat(16), "2".repeat(16)]);
  expect(trace.find(({ name }) => name === "look")?.attributes).toEqual(spans[1]?.attributes);
  const found = await call(client, `${v3}/FindTraces`, {
    query: { ...times, serviceName: "stock", attributes: { "ticket.id": "T-1", items: "3" } },
  });
  expect(spansOf(found)).toHaveLength(2);
  expect(await call(client, `${v3}/FindTraces`, { query: { ...times, serviceName: "other" } })).toEqual([]);
  const summaries = await call(client, `${v3}/FindTraceSummaries`, { query: times });
  expect(messageOf(summaries)).toMatchObject({
    summaries: [
      { traceId, rootServiceName: "shop", spanCount: 2, services: [{ name: "shop" }, { name: "stock" }] },
    ],
  });
  expect(messageOf(await call(client, `${v3}/GetServices`, {}))).toEqual({ services: ["shop", "stock"] });
  expect(messageOf(await call(client, `${v3}/GetOperations`, { service: "stock" }))).toMatchObject({
    operations: [{ name: "look" }],
  });
  const window = { startTime: { seconds: "1699999000" }, endTime: { seconds: "1700001000" } };
  expect(messageOf(await call(client, `${v3}/GetDependencies`, window))).toEqual({
    dependencies: [{ parent: "shop", child: "stock", callCount: "1" }],
  });
});

test.each([
  ["GetTrace", { traceId: "b" }, status.NOT_FOUND],
  ["GetTrace", { traceId: "what" }, status.INVALID_ARGUMENT],
  ["FindTraces", {}, status.INVALID_ARGUMENT],
  ["FindTraces", { query: { serviceName: "shop" } }, status.INVALID_ARGUMENT],
  [
    "FindTraces",
    { query: { startTimeMin: times.startTimeMax, startTimeMax: times.startTimeMin } },
    status.INVALID_ARGUMENT,
  ],
  ["GetDependencies", {}, status.INVALID_ARGUMENT],
])("%s of %j ends with the status of its fault", async (method, request, code) => {
  const { client } = await startServices(spans);
  const error = (await call(client, `${v3}/${method}`, request).catch(
    (thrown: unknown) => thrown,
  )) as ServiceError;
  expect(error.code, error.details).toBe(code);
});

test("storage.v2 answers as a Jaeger in front of it asks: times of the year 1 and empty durations are none", async () => {
  const { client } = await startServices(spans);
  const id = Buffer.from(traceId, "hex");
  const chunks = await call(client, `${storage}/GetTraces`, {
    query: [{ traceId: Buffer.alloc(16, 9), startTime: never, endTime: never }, { traceId: id }],
  });
  expect(spansOf(chunks).toSorted((a, b) => a.spanId.localeCompare(b.spanId))).toEqual(spans);
  const query = {
    startTimeMin: never,
    startTimeMax: never,
    durationMin: {},
    durationMax: {},
    searchDepth: 10,
    attributes: [{ key: "items", value: { intValue: "3" } }],
  };
  expect(spansOf(await call(client, `${storage}/FindTraces`, { query }))).toHaveLength(2);
  const ids = messageOf(await call(client, `${storage}/FindTraceIDs`, { query }));
  expect(ids).toMatchObject({ traceIds: [{ traceId: id, start: { seconds: "1700000000" } }] });
  const summaries = messageOf(await call(client, `${storage}/FindTraceSummaries`, { query }));
  expect(summaries).toMatchObject({ summaries: [{ traceId: id, spanCount: 2 }] });
  const capabilities = await call(client, "/jaeger.storage.v2.Capabilities/GetCapabilities", {});
  expect(messageOf(capabilities)).toEqual({
    search: {
      withoutServiceName: true,
      sameSpanConjunction: true,
      filter: {
        levels: ["span", "resource", "scope", "event", "link"],
        operators: expect.arrayContaining(["and", "regex", "some"]) as unknown,
      },
    },
  });
  const dependencies = await call(client, "/jaeger.storage.v2.DependencyReader/GetDependencies", {
    startTime: never,
    endTime: { seconds: "1700001000" },
  });
  expect(messageOf(dependencies)).toMatchObject({ dependencies: [{ parent: "shop", child: "stock" }] });
});

test("a Jaeger writes through the storage's own port, redacted like everything else", async () => {
  const { client, store } = await startServices([]);
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  const span = exampleSpan({ attributes: [text("password", "hunter2-not-to-be-seen")] });
  await new Promise<void>((resolve, reject) =>
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
      Buffer.from(encodeBatch([span])),
      (error) => (error === null ? resolve() : reject(error)),
    ),
  );
  const [trace] = await store.reader.traces([span.traceId]);
  expect(trace?.[0]?.attributes).toEqual([text("password", "[REDACTED]")]);
});

test("a large trace comes in chunks that a client takes by default, and a client that has enough may go", async () => {
  const many = Array.from({ length: 8_000 }, (_, at) =>
    exampleSpan({
      traceId,
      spanId: (at + 1).toString(16).padStart(16, "0"),
      startUnixNano: second + BigInt(at),
      attributes: [text("filler", `${at} `.repeat(200))],
      events: [],
      links: [],
    }),
  );
  const { client } = await startServices(many);
  const chunks = (await call(client, `${v3}/GetTrace`, { traceId })) as Chunk[];
  expect(chunks.length).toBeGreaterThan(2);
  expect(Math.max(...chunks.map(({ bytes }) => bytes.length))).toBeLessThan(4 * 1024 * 1024);
  expect(spansOf(chunks)).toHaveLength(8_000);
  const error = (await call(client, `${v3}/GetTrace`, { traceId }, { cancelAfter: 1 }).catch(
    (thrown: unknown) => thrown,
  )) as ServiceError;
  expect(error.code).toBe(status.CANCELLED);
});

test("a trace that retention may have removed is not found with the reason", async () => {
  const { client } = await startServices([], undefined, openGate, {
    atMs: 1_700_003_600_000,
    lastStart: String(second),
    receivedLastMs: 1_700_000_000_000,
  });
  for (const [method, request] of [
    [`${v3}/GetTrace`, { traceId }],
    ["/jaeger.api_v2.QueryService/GetTrace", { traceId: Buffer.alloc(16, 1) }],
  ] as const) {
    const error = (await call(client, method, request).catch((thrown: unknown) => thrown)) as ServiceError;
    expect([error.code, error.details]).toEqual([
      status.NOT_FOUND,
      "TL_TRACE_NOT_FOUND: trace not found: spans received until 2023-11-14T22:13:20.000Z were removed by retention at 2023-11-14T23:13:20.000Z",
    ]);
  }
});
