import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { openGate, originOf } from "./access.ts";
import { QueryGrpcListener } from "./api/grpc/listener.ts";
import { decodeOtlpProtobuf } from "./decode/otlp-protobuf.ts";
import { Ingest } from "./ingest.ts";
import type { SpanRecord } from "./model.ts";
import type { RemovedSpans, SpanReader } from "./query/reader.ts";
import { exampleSpan, resourceOf, text } from "./store/example-spans.ts";
import { openStore, store as storeSpans } from "./store/open-store.ts";

/** Material for tests of the gRPC query services: a listener over a real store, and a client that speaks their protos. */
export const second = 1_700_000_000_000_000_000n;
export const protos = loadSync(["query.proto", "query_v2.proto", "storage.proto", "collector.proto"], {
  includeDirs: [new URL("./api/grpc/proto/", import.meta.url).pathname],
  longs: String,
});

export interface Method {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => unknown;
}

/** Calls a method and returns its messages, those of traces decoded by OTLP's own decoder. */
export async function call(
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

export type Chunk = { bytes: Buffer; message: unknown };
export const spansOf = (chunks: unknown[]): SpanRecord[] =>
  chunks.flatMap((chunk) => decodeOtlpProtobuf((chunk as Chunk).bytes).spans);
export const messageOf = (messages: unknown[]): unknown => (messages[0] as Chunk | undefined)?.message;

export async function startServices(
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

export const traceId = "0".repeat(31) + "a";
export const spans = [
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
export const times = { startTimeMin: { seconds: "1699999000" }, startTimeMax: { seconds: "1700001000" } };
export const never = { seconds: "-62135596800" };
export const v3 = "/jaeger.api_v3.QueryService";
export const storage = "/jaeger.storage.v2.TraceReader";
