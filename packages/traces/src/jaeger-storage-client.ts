import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { openGate } from "./access.ts";
import { QueryGrpcListener } from "./api/grpc/listener.ts";
import { decodeOtlpProtobuf } from "./decode/otlp-protobuf.ts";
import { Ingest } from "./ingest.ts";
import type { AttributeValue, KeyValue, SpanRecord } from "./model.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { exampleSpan, resourceOf, text } from "./store/example-spans.ts";
import { openStore } from "./store/open-store.ts";

/** For tests: a storage of jaeger.storage.v2 over its own port, and spans with dates of long ago. */
const protos = loadSync(["query_v2.proto", "storage.proto", "collector.proto"], {
  includeDirs: [new URL("./api/grpc/proto/", import.meta.url).pathname],
  longs: String,
  defaults: true,
  oneofs: true,
  enums: String,
});
export const reader = "/jaeger.storage.v2.TraceReader";
/** 2017, long before any retention. */
export const day = 1_485_449_191_639_875_000n;

export const value = (of: string | bigint | number | boolean): AttributeValue =>
  typeof of === "string"
    ? { type: "string", value: of }
    : typeof of === "bigint"
      ? { type: "int", value: of }
      : typeof of === "number"
        ? { type: "double", value: of }
        : { type: "bool", value: of };
const tags = { word: "same-value", whole: 123n, part: 72.5, yes: true };
export const all: KeyValue[] = Object.entries(tags).map(([key, of]) => ({ key, value: value(of) }));
export const event = { timeUnixNano: day, name: "", attributes: [], droppedAttributesCount: 0 };
export const link = {
  traceId: "f".repeat(32),
  spanId: "f".repeat(16),
  traceState: "",
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
};
let next = 0;
export function spanOf(service: string, parts: Partial<SpanRecord> = {}): SpanRecord {
  next++;
  return exampleSpan({
    traceId: next.toString(16).padStart(32, "0"),
    spanId: next.toString(16).padStart(16, "0"),
    resource: resourceOf(service),
    kind: 0,
    name: "placeholder",
    startUnixNano: day,
    endUnixNano: day + 5_000n,
    // Equal events without a name stay two.
    events: [event, event],
    scope: { name: "", version: "", attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
    ...parts,
  });
}
export const lasting = (ns: bigint) => ({ endUnixNano: day + ns });
export const withResource = (service: string, more: KeyValue[]) => ({
  ...resourceOf(service),
  attributes: [text("service.name", service), ...more],
});

interface Method {
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => unknown;
}

export async function ask(
  client: Client,
  method: string,
  request: object,
): Promise<{ bytes: Buffer; message: unknown }[]> {
  const [, service = "", name = ""] = method.split("/");
  const { requestSerialize, responseDeserialize } = (protos[service] as Record<string, Method>)[
    name
  ] as Method;
  const read = (bytes: Buffer) => ({ bytes, message: responseDeserialize(bytes) });
  const stream = client.makeServerStreamRequest(method, requestSerialize, read, request, new Metadata());
  const found: { bytes: Buffer; message: unknown }[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.on("data", (message: { bytes: Buffer; message: unknown }) => found.push(message));
    stream.on("error", reject);
    stream.on("end", resolve);
  });
  return found;
}

export async function write(client: Client, spans: readonly SpanRecord[]): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    client.makeUnaryRequest(
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
      Buffer.from(encodeBatch(spans)),
      (error) => (error === null ? resolve() : reject(error)),
    ),
  );
}

export async function startStorage(pins: string[] = []) {
  const opened = await openStore({
    headSize: { rows: 60_000, items: 600_000, bytes: 40_000_000 },
    retentionMs: 3_600_000,
  });
  const ingest = new Ingest(opened.heads, Date.now);
  const listener = new QueryGrpcListener({
    reader: opened.reader,
    readerOf: (tenant) => opened.reader.of(tenant),
    pin: (traceId) => Promise.resolve(void pins.push(traceId)),
    append: (_sender, bytes) => ingest.append(bytes, "protobuf"),
    gate: openGate,
    logger: pino({ level: "silent" }),
  });
  const client = new Client(await listener.listen("127.0.0.1", 0), credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await listener.stop();
  });
  return { client, opened };
}

/** The span ids of each trace, chunks of a trace beside each other joined. */
export function tracesOf(chunks: readonly { bytes: Buffer }[]): Map<string, SpanRecord[]> {
  const found = new Map<string, SpanRecord[]>();
  let last = "";
  for (const { bytes } of chunks) {
    const { spans } = decodeOtlpProtobuf(bytes);
    const [id] = new Set(spans.map(({ traceId }) => traceId));
    expect(new Set(spans.map(({ traceId }) => traceId)).size, "a chunk has spans of one trace").toBe(1);
    if (id === undefined) throw new Error("an empty chunk");
    if (id !== last) expect(found.has(id), "chunks of a trace stand beside each other").toBe(false);
    last = id;
    found.set(id, [...(found.get(id) ?? []), ...spans]);
  }
  return found;
}

export const seconds = (ns: bigint) => ({
  seconds: String(ns / 1_000_000_000n),
  nanos: Number(ns % 1_000_000_000n),
});
export const window = {
  startTimeMin: seconds(day - 3_600_000_000_000n),
  startTimeMax: seconds(day + 3_600_000_000_000n),
};
