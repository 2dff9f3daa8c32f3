import { type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  all,
  ask,
  day,
  event,
  link,
  seconds,
  spanOf,
  startStorage,
  window,
  write,
} from "./jaeger-storage-client.ts";
import { text } from "./store/example-spans.ts";

describe("jaeger.api_v2.QueryService", () => {
  const service = "/jaeger.api_v2.QueryService";
  const parent = "1".repeat(16);
  const trace = [
    spanOf("shop", {
      traceId: "d".repeat(32),
      spanId: parent,
      kind: 2,
      name: "serve",
      statusCode: 2,
      statusMessage: "no",
    }),
    spanOf("stock", {
      traceId: "d".repeat(32),
      parentSpanId: parent,
      attributes: [...all, { key: "blob", value: { type: "bytes", value: Uint8Array.of(1) } }],
      events: [{ ...event, name: "found", attributes: [text("row", "7")] }],
      links: [link],
      endUnixNano: day + 1_234_567_891n,
    }),
  ];
  test("answers spans of its own model in chunks, archives, lists names", async () => {
    const pins: string[] = [];
    const { client } = await startStorage(pins);
    await write(client, trace);
    const id = { traceId: Buffer.alloc(16, 0xdd) };
    const chunks = await ask(client, `${service}/GetTrace`, id);
    const answer = chunks.flatMap(({ message }) => (message as { spans: Record<string, unknown>[] }).spans);
    const stock = answer.find(({ operationName }) => operationName === "placeholder");
    expect(stock).toMatchObject({
      traceId: id.traceId,
      startTime: seconds(day),
      duration: { seconds: "1", nanos: 234_567_891 },
      references: [
        { traceId: id.traceId, spanId: Buffer.from(parent, "hex"), refType: "CHILD_OF" },
        { refType: "FOLLOWS_FROM" },
      ],
      process: { serviceName: "stock", tags: [] },
      logs: [
        {
          fields: [
            { key: "event", vStr: "found" },
            { key: "row", vStr: "7" },
          ],
        },
      ],
    });
    expect(stock?.["tags"]).toEqual([
      expect.objectContaining({ key: "blob", vType: "BINARY", vBinary: Buffer.of(1) }),
      expect.objectContaining({ key: "part", vType: "FLOAT64", vFloat64: 72.5 }),
      expect.objectContaining({ key: "whole", vType: "INT64", vInt64: "123" }),
      expect.objectContaining({ key: "word", vType: "STRING", vStr: "same-value" }),
      expect.objectContaining({ key: "yes", vType: "BOOL", vBool: true }),
    ]);
    expect(answer.find(({ operationName }) => operationName === "serve")?.["tags"]).toEqual(
      [
        { key: "span.kind", vStr: "server" },
        { key: "otel.status_code", vStr: "ERROR" },
        { key: "error", vBool: true },
        { key: "otel.status_description", vStr: "no" },
      ].map((tag) => expect.objectContaining(tag) as unknown),
    );
    await ask(client, `${service}/ArchiveTrace`, id);
    expect(pins).toEqual(["d".repeat(32)]);
    const found = await ask(client, `${service}/FindTraces`, {
      query: { ...window, serviceName: "stock", tags: { whole: "123" }, searchDepth: 5 },
    });
    expect(found.flatMap(({ message }) => (message as { spans: object[] }).spans)).toHaveLength(2);
    const names = (await ask(client, `${service}/GetOperations`, { service: "shop" })).map(
      ({ message }) => message,
    );
    expect(names).toEqual([
      { operationNames: ["serve"], operations: [{ name: "serve", spanKind: "server" }] },
    ]);
    const missing = (await ask(client, `${service}/GetTrace`, { traceId: Buffer.alloc(16, 9) }).catch(
      (thrown: unknown) => thrown,
    )) as ServiceError;
    expect(missing.code).toBe(status.NOT_FOUND);
    const links = await ask(client, `${service}/GetDependencies`, {
      startTime: window.startTimeMin,
      endTime: window.startTimeMax,
    });
    expect(links[0]?.message).toMatchObject({
      dependencies: [{ parent: "shop", child: "stock", callCount: "1" }],
    });
  });
});
