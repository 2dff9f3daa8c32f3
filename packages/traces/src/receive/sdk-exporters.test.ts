import { Metadata } from "@grpc/grpc-js";
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { ZipkinExporter } from "@opentelemetry/exporter-zipkin";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { expect, onTestFinished, test } from "vitest";
import { type Access, anybody, Gate } from "../access.ts";
import type { AttributeValue, SpanRecord } from "../model.ts";
import { startAllReceivers } from "./start-receivers.ts";

/** The OpenTelemetry SDK's own spans: a server's that failed, with an event and a link, and a client's below it. */
function sdkSpans(): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const tracer = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "shop", "process.pid": 42 }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
  }).getTracer("lib", "1.2.3");
  const other = tracer.startSpan("before");
  other.end();
  const attributes: Attributes = { text: "é", whole: 7, part: 0.5, yes: true, list: ["a", "b"] };
  const parent = tracer.startSpan("GET /", {
    kind: SpanKind.SERVER,
    attributes,
    links: [{ context: other.spanContext(), attributes: { why: "batch" } }],
  });
  const child = tracer.startSpan("SELECT", { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, parent));
  child.end();
  parent.addEvent("retry", { attempt: 2 });
  parent.setStatus({ code: SpanStatusCode.ERROR, message: "no stock" });
  parent.end();
  return memory.getFinishedSpans().filter(({ name }) => name !== "before");
}

function exported(exporter: SpanExporter, spans: ReadableSpan[]): Promise<{ code: number; error?: Error }> {
  onTestFinished(() => exporter.shutdown());
  return new Promise((resolve) => exporter.export(spans, resolve));
}

function plain(value: AttributeValue | undefined): unknown {
  if (value?.type === "array") return value.value.map(plain);
  if (value?.type === "int") return Number(value.value);
  return value === undefined || value.type === "empty" ? undefined : value.value;
}

const valueOf = (span: SpanRecord | undefined, key: string): unknown =>
  plain(span?.attributes.find((attribute) => attribute.key === key)?.value);

type Addresses = Awaited<ReturnType<typeof startAllReceivers>>["addresses"];
const otlpExporters: [string, (at: Addresses) => SpanExporter][] = [
  ["gRPC", ({ otlpGrpc }) => new GrpcExporter({ url: `http://${otlpGrpc}` })],
  [
    "gRPC with gzip",
    ({ otlpGrpc }) => new GrpcExporter({ url: `http://${otlpGrpc}`, compression: "gzip" as never }),
  ],
  ["HTTP/protobuf", ({ otlpHttp }) => new ProtobufExporter({ url: `${otlpHttp}/v1/traces` })],
  [
    "HTTP/protobuf with gzip",
    ({ otlpHttp }) => new ProtobufExporter({ url: `${otlpHttp}/v1/traces`, compression: "gzip" as never }),
  ],
  ["HTTP/JSON", ({ otlpHttp }) => new JsonExporter({ url: `${otlpHttp}/v1/traces` })],
  [
    "HTTP/JSON with gzip",
    ({ otlpHttp }) => new JsonExporter({ url: `${otlpHttp}/v1/traces`, compression: "gzip" as never }),
  ],
];

test.each(otlpExporters)(
  "what the SDK sends by %s is read back as it was",
  { timeout: 60_000 },
  async (_what, exporterOf) => {
    const { addresses, store } = await startAllReceivers();
    const spans = sdkSpans();
    expect(await exported(exporterOf(addresses), spans)).toMatchObject({ code: 0 });
    const [sdkParent] = spans.filter(({ name }) => name === "GET /");
    const [trace = []] = await store.reader.traces([sdkParent?.spanContext().traceId ?? ""]);
    const parent = trace.find(({ name }) => name === "GET /");
    const child = trace.find(({ name }) => name === "SELECT");
    expect(trace).toHaveLength(2);
    expect(parent).toMatchObject({ kind: 2, statusCode: 2, statusMessage: "no stock", parentSpanId: "" });
    expect(child).toMatchObject({ kind: 3, parentSpanId: parent?.spanId });
    for (const [key, value] of Object.entries(sdkParent?.attributes ?? {}))
      expect([key, valueOf(parent, key)]).toEqual([key, value]);
    const [seconds = 0, nanos = 0] = sdkParent?.startTime ?? [];
    expect(parent?.startUnixNano).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
    expect(parent?.events.map(({ name }) => name)).toEqual(["retry"]);
    expect(parent?.links).toMatchObject([{ spanId: sdkParent?.links[0]?.context.spanId }]);
    expect(parent?.scope).toMatchObject({ name: "lib", version: "1.2.3" });
    expect(parent?.resource.attributes.map(({ key, value }) => [key, plain(value)])).toContainEqual([
      "process.pid",
      42,
    ]);
  },
);

test("what the SDK sends as Zipkin is read back as the translation has it", { timeout: 60_000 }, async () => {
  const { addresses, store } = await startAllReceivers();
  const spans = sdkSpans();
  const exporter = new ZipkinExporter({ url: `${addresses.zipkin}/api/v2/spans` });
  expect(await exported(exporter, spans)).toMatchObject({ code: 0 });
  const [trace = []] = await store.reader.traces([spans[0]?.spanContext().traceId ?? ""]);
  const parent = trace.find(({ name }) => name === "GET /");
  expect(trace).toHaveLength(2);
  expect(parent).toMatchObject({
    kind: 2,
    statusCode: 2,
    events: [{ name: expect.stringContaining("retry") }],
  });
  expect([valueOf(parent, "text"), valueOf(parent, "whole")]).toEqual(["é", "7"]);
});

const sender = { ...anybody, id: "1", name: "sender", scopes: ["ingest"] as const };
const access: Access = {
  authenticate: (token) => Promise.resolve(token === "good" ? sender : undefined),
};

test(
  "the SDK's exporters are told at once where a token is missing, and sending with one works",
  { timeout: 60_000 },
  async () => {
    const { addresses } = await startAllReceivers({ gate: new Gate(access, true) });
    const spans = sdkSpans();
    const metadata = new Metadata();
    metadata.set("authorization", "Bearer good");
    const grpc = (own?: Metadata): SpanExporter =>
      new GrpcExporter({
        url: `http://${addresses.otlpGrpc}`,
        ...(own === undefined ? {} : { metadata: own }),
      });
    const http = (headers: Record<string, string>): SpanExporter =>
      new ProtobufExporter({ url: `${addresses.otlpHttp}/v1/traces`, headers });
    expect((await exported(grpc(), spans)).code).toBe(1);
    expect((await exported(http({}), spans)).code).toBe(1);
    expect((await exported(grpc(metadata), spans)).code).toBe(0);
    expect((await exported(http({ authorization: "Bearer good" }), spans)).code).toBe(0);
  },
);

test(
  "metrics and logs are answered at once, for good, in the sender's encoding, and say what is kept",
  { timeout: 60_000 },
  async () => {
    const { addresses } = await startAllReceivers();
    for (const path of ["/v1/metrics", "/v1/logs"]) {
      const send = (type: string): Promise<Response> =>
        fetch(`${addresses.otlpHttp}${path}`, {
          method: "POST",
          headers: { "content-type": type },
          body: "{}",
        });
      const json = await send("application/json");
      expect([json.status, json.headers.get("retry-after")]).toEqual([404, null]);
      expect(await json.json()).toMatchObject({ message: expect.stringContaining("only traces are kept") });
      const protobuf = await send("application/x-protobuf");
      expect([protobuf.status, protobuf.headers.get("content-type")]).toEqual([
        404,
        "application/x-protobuf",
      ]);
      expect(await protobuf.text()).toContain("only traces are kept");
    }
    // An exporter gives up on it after one request.
    const began = performance.now();
    const wrong = new ProtobufExporter({ url: `${addresses.otlpHttp}/v1/metrics` });
    expect((await exported(wrong, sdkSpans())).code).toBe(1);
    expect(performance.now() - began).toBeLessThan(4_000);
  },
);
