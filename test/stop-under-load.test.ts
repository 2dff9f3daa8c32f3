import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { encodeBatch } from "../packages/traces/src/store/batch-encoding.ts";
import { exampleSpan } from "../packages/traces/src/store/example-spans.ts";
import { start, temporaryDirectory, until } from "./harness.ts";

const traceId = "c".repeat(32);
const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

test(
  "SIGTERM while clients send: every span that was acknowledged, over gRPC or HTTP, is there after the restart",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const first = await start(["traces"], { data });
    const acknowledged = new Set<string>();
    let next = 0;
    let isStopped = false;
    const newSpan = () => String(++next).padStart(16, "0");
    const body = (spanId: string) => encodeBatch([exampleSpan({ traceId, spanId })]);
    const bytes = (value: Buffer): Buffer => value;
    const client = new Client(first.address("otlpGrpc"), credentials.createInsecure());
    const overGrpc = async (): Promise<void> => {
      while (!isStopped) {
        const spanId = newSpan();
        const error = await new Promise<ServiceError | null>((resolve) => {
          client.makeUnaryRequest(exportPath, bytes, bytes, Buffer.from(body(spanId)), (failure) =>
            resolve(failure),
          );
        });
        if (error === null) acknowledged.add(spanId);
        else isStopped = true;
      }
    };
    const overHttp = async (): Promise<void> => {
      while (!isStopped) {
        const spanId = newSpan();
        const answer = await fetch(`${first.address("otlpHttp")}/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/x-protobuf" },
          body: body(spanId),
        }).catch(() => undefined);
        if (answer?.status === 200) acknowledged.add(spanId);
        else isStopped = true;
      }
    };
    const senders = [...Array.from({ length: 16 }, overGrpc), ...Array.from({ length: 8 }, overHttp)];
    await until("some spans to be acknowledged", () => Promise.resolve(acknowledged.size > 300));
    expect(await first.end("SIGTERM")).toBe(0);
    isStopped = true;
    await Promise.all(senders);
    client.close();
    const second = await start(["traces"], { data });
    const found = await fetch(`${second.address("console")}/api/traces/${traceId}`);
    const [trace] = ((await found.json()) as { data: { spans: { spanID: string }[] }[] }).data;
    const stored = new Set(trace?.spans.map(({ spanID }) => spanID));
    expect([...acknowledged].filter((spanId) => !stored.has(spanId))).toEqual([]);
  },
);
