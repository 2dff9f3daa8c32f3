import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { fromJSON, loadSync } from "@grpc/proto-loader";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { QueryGrpcListener } from "./api/grpc/listener.ts";
import { decodeOtlpProtobuf } from "./decode/otlp-protobuf.ts";
import { openGate, originOf } from "./access.ts";
import { Ingest } from "./ingest.ts";
import type { SpanRecord } from "./model.ts";
import type { RemovedSpans, SpanReader } from "./query/reader.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { endlessReader } from "./api/stored-traces.ts";
import { exampleSpan, resourceOf, text } from "./store/example-spans.ts";
import { openStore, store as storeSpans } from "./store/open-store.ts";
import { FileDescriptorProto, type IFileDescriptorProto } from "protobufjs/ext/descriptor/index.js";

const second = 1_700_000_000_000_000_000n;
const protos = loadSync(["query.proto", "query_v2.proto", "storage.proto", "collector.proto"], {
  includeDirs: [new URL("./api/grpc/proto/", import.meta.url).pathname],
  longs: String,
});

interface Method {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => unknown;
}

/** Calls a method and returns its messages, those of traces decoded by OTLP's own decoder. */
async function call(
  client: Client,
  method: string,
  request: object,
  options: { cancelAfter?: number } = {},
): Promise<unknown[]> {
  const [, service = "", name = ""] = method.split("/");
  const { requestSerialize, responseDeserialize } = (protos[service] as Record<string, Method>)[
    name
  ] as Method;
  const read = (bytes: Buffer) => ({ bytes, message: responseDeserialize(bytes) });
  const stream = client.makeServerStreamRequest(method, requestSerialize, read, request, new Metadata());
  const found: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.on("data", (message: unknown) => {
      found.push(message);
      if (found.length === options.cancelAfter) stream.cancel();
    });
    stream.on("error", reject);
    stream.on("end", resolve);
  });
  return found;
}

type Chunk = { bytes: Buffer; message: unknown };
const spansOf = (chunks: unknown[]): SpanRecord[] =>
  chunks.flatMap((chunk) => decodeOtlpProtobuf((chunk as Chunk).bytes).spans);
const messageOf = (messages: unknown[]): unknown => (messages[0] as Chunk | undefined)?.message;

async function startServices(
  spans: readonly SpanRecord[],
  wrap?: (reader: SpanReader) => SpanReader,
  gate = openGate,
  removed: RemovedSpans | null = null,
) {
  const opened = await openStore({ headSize: { rows: 60_000, items: 600_000, bytes: 40_000_000 } });
  if (spans.length > 0) await storeSpans(opened, ...spans);
  const ingest = new Ingest(opened.heads, Date.now);
  const listener = new QueryGrpcListener({
    reader: wrap?.(opened.reader) ?? opened.reader,
    readerOf: (tenant) => opened.reader.of(tenant),
    removed: () => removed,
    pin: () => Promise.resolve(),
    append: (sender, bytes) => ingest.append(bytes, "protobuf", originOf(sender)),
    gate,
    logger: pino({ level: "silent" }),
  });
  const address = await listener.listen("127.0.0.1", 0);
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await listener.stop();
  });
  return { client, store: opened, address };
}

const traceId = "0".repeat(31) + "a";
const spans = [
  exampleSpan({ traceId, spanId: "1".repeat(16), parentSpanId: "", resource: resourceOf("shop"), kind: 2 }),
  exampleSpan({
    traceId,
    spanId: "2".repeat(16),
    parentSpanId: "1".repeat(16),
    resource: resourceOf("stock"),
    kind: 0,
    name: "look",
    attributes: [text("ticket.id", "T-1"), { key: "items", value: { type: "int", value: 3n } }],
  }),
];
const times = { startTimeMin: { seconds: "1699999000" }, startTimeMax: { seconds: "1700001000" } };
const never = { seconds: "-62135596800" };
const v3 = "/jaeger.api_v3.QueryService";
const storage = "/jaeger.storage.v2.TraceReader";

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

test("a query ends when its client goes", async () => {
  const times = { startTime: { seconds: "1" }, endTime: { seconds: "2" } };
  let asked = Promise.withResolvers<void>();
  let ended = Promise.withResolvers<void>();
  const reader = endlessReader(
    () => asked.resolve(),
    () => ended.resolve(),
  );
  const { client } = await startServices([], () => reader);
  for (const [method, request] of [
    [`${v3}/GetTrace`, { traceId }],
    [`${v3}/GetServices`, {}],
    [`${v3}/GetOperations`, { service: "shop" }],
    [`${v3}/GetDependencies`, times],
    ["/jaeger.api_v2.QueryService/GetServices", {}],
    ["/jaeger.api_v2.QueryService/GetOperations", { service: "shop" }],
    ["/jaeger.api_v2.QueryService/GetDependencies", times],
    ["/jaeger.storage.v2.TraceReader/GetServices", {}],
    ["/jaeger.storage.v2.TraceReader/GetOperations", { service: "shop" }],
    ["/jaeger.storage.v2.DependencyReader/GetDependencies", times],
  ] as const) {
    asked = Promise.withResolvers<void>();
    ended = Promise.withResolvers<void>();
    const [, service = "", name = ""] = method.split("/");
    const { requestSerialize } = (protos[service] as Record<string, Method>)[name] as Method;
    const stream = client.makeServerStreamRequest(
      method,
      requestSerialize,
      (bytes: Buffer) => bytes,
      request,
      new Metadata(),
    );
    stream.on("error", () => undefined);
    await asked.promise;
    stream.cancel();
    await ended.promise;
  }
});

test("reflection lists and describes the services, health serves each", async () => {
  const { client } = await startServices(spans);
  const reflection = fromReflection();
  const ask = (request: object) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const stream = client.makeBidiStreamRequest(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        reflection.requestSerialize,
        reflection.responseDeserialize,
      );
      stream.on("data", (answer: Record<string, unknown>) => {
        resolve(answer);
        stream.end();
      });
      stream.on("error", reject);
      stream.write(request);
    });
  const listed = (await ask({ listServices: "*" }))["listServicesResponse"] as {
    service: { name: string }[];
  };
  expect(listed.service.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "jaeger.api_v3.QueryService",
      "jaeger.storage.v2.TraceReader",
      "opentelemetry.proto.collector.trace.v1.TraceService",
      "grpc.health.v1.Health",
    ]),
  );
  const described = await ask({ fileContainingSymbol: "jaeger.api_v3.QueryService" });
  const files = (described["fileDescriptorResponse"] as { fileDescriptorProto: Buffer[] })
    .fileDescriptorProto;
  expect(Buffer.concat(files).toString("latin1")).toContain("GetTraceRequest");
  // A client that builds the types needs to be told where the others are.
  const imports = new Map(
    files.map((bytes) => {
      const { name, dependency } = FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
      return [name, dependency];
    }),
  );
  expect(imports.get("jaeger_api_v3.proto")).toEqual([
    "google_protobuf.proto",
    "jaeger_expression_v1.proto",
    "opentelemetry_proto_trace_v1.proto",
  ]);
  for (const needed of [...imports.values()].flat()) expect(imports.has(needed)).toBe(true);
});

/** grpc.reflection.v1, as far as the test asks. */
function fromReflection(): {
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => Record<string, unknown>;
} {
  const field = (type: string, id: number, rule?: string) => ({
    type,
    id,
    ...(rule === undefined ? {} : { rule }),
  });
  const definition = fromJSON({
    nested: {
      Reflection: { methods: { Info: { requestType: "Request", responseType: "Answer", comment: "" } } },
      Request: { fields: { fileContainingSymbol: field("string", 4), listServices: field("string", 7) } },
      Answer: {
        fields: { fileDescriptorResponse: field("Files", 4), listServicesResponse: field("Services", 6) },
      },
      Files: { fields: { fileDescriptorProto: field("bytes", 1, "repeated") } },
      Services: { fields: { service: field("Service", 1, "repeated") } },
      Service: { fields: { name: field("string", 1) } },
    },
  });
  return (definition["Reflection"] as Record<string, never>)["Info"] as never;
}
