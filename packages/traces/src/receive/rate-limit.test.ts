import { expect, test } from "vitest";
import { anybody, type Principal } from "../access.ts";
import { ProtobufReader, wire } from "../decode/protobuf-reader.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { Gate } from "../access.ts";
import { ByteBudget } from "./byte-budget.ts";
import { call, connectTo, frame } from "./grpc-call.ts";
import { Intake } from "./intake.ts";
import { RateLimits } from "./rate-limit.ts";
import { startAllReceivers } from "./start-receivers.ts";

const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

function limited(id: string, spansPerSecond?: number, bytesPerSecond?: number): Principal {
  return {
    ...anybody,
    id,
    name: id,
    scopes: ["ingest"],
    tenant: id,
    limits: { spansPerSecond, bytesPerSecond },
  };
}

test(
  "a sender may send twice its rate at once, then its rate; spans count when they are known",
  { timeout: 60_000 },
  () => {
    let now = 0;
    const limits = new RateLimits(() => now);
    const sender = limited("acme", 100);
    expect(limits.waitOf(sender)).toBe(0);
    limits.take(sender, 10_000)(500);
    // 200 were there: it waits until the 300 that it is over have passed.
    expect(limits.waitOf(sender)).toBeCloseTo(3, 1);
    now = 2_900;
    expect(limits.waitOf(sender)).toBeGreaterThan(0);
    now = 3_100;
    expect(limits.waitOf(sender)).toBe(0);
    expect(limits.waitOf(limited("globex", 100))).toBe(0);
    // Requests under way count before it is known what is in them.
    for (let n = 0; n < 20; n++) limits.take(sender, 10_000);
    expect(limits.waitOf(sender)).toBeGreaterThan(5);
  },
);

test("bytes are limited on their own, and a new limit counts at once", { timeout: 60_000 }, () => {
  let now = 0;
  const limits = new RateLimits(() => now);
  limits.take(limited("acme", undefined, 1_000), 3_000)(1);
  expect(limits.waitOf(limited("acme", undefined, 1_000))).toBeCloseTo(1, 1);
  expect(limits.waitOf(limited("acme", undefined, 2_000))).toBe(0);
  now = 500;
});

test(
  "a sender over its limits is told when to come back, by gRPC and by HTTP, and others are not",
  { timeout: 60_000 },
  async () => {
    const principals: Record<string, Principal> = { slow: limited("slow", 1), fast: limited("fast") };
    const gate = new Gate({ authenticate: (token) => Promise.resolve(principals[token]) }, true);
    const { addresses, rateLimited } = await startAllReceivers({ gate });
    const client = connectTo(`http://${addresses.otlpGrpc}`);
    const body = encodeBatch(
      Array.from({ length: 5 }, (_, n) => exampleSpan({ spanId: String(n + 1).padStart(16, "0") })),
    );
    const sendGrpc = (token: string) =>
      call(client, exportPath, frame(body), { authorization: `Bearer ${token}` });
    expect((await sendGrpc("slow")).status).toBe("0");
    const refused = await sendGrpc("slow");
    expect(refused).toMatchObject({ status: "8", message: expect.stringMatching(/^TL_RATE_LIMITED/) });
    expect(retryDelay(refused.headers["grpc-status-details-bin"])).toBeGreaterThanOrEqual(1);
    const sendHttp = (url: string, type: string, token: string) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": type, authorization: `Bearer ${token}` },
        body: type === "application/json" ? "[]" : body,
      });
    const otlp = await sendHttp(`${addresses.otlpHttp}/v1/traces`, "application/x-protobuf", "slow");
    expect([otlp.status, Number(otlp.headers.get("retry-after")) >= 1]).toEqual([429, true]);
    const zipkin = await sendHttp(`${addresses.zipkin}/api/v2/spans`, "application/json", "slow");
    expect([zipkin.status, Number(zipkin.headers.get("retry-after")) >= 1]).toEqual([429, true]);
    expect((await sendGrpc("fast")).status).toBe("0");
    expect(rateLimited()).toBe(3);
  },
);

/** Seconds of google.rpc.Status { details: [Any { RetryInfo { retry_delay { seconds } } }] }. */
function retryDelay(details: unknown): number {
  const inside = (reader: ProtobufReader, field: number, read: () => number): number => {
    let found = 0;
    while (reader.next()) {
      if (reader.is(field, wire.bytes)) {
        const end = reader.enter();
        found = read();
        reader.leave(end);
      } else reader.skip();
    }
    return found;
  };
  const reader = new ProtobufReader(Buffer.from(String(details), "base64"));
  return inside(reader, 3, () =>
    inside(reader, 2, () =>
      inside(reader, 1, () => {
        let seconds = 0;
        while (reader.next()) {
          if (reader.is(1, wire.varint)) seconds = reader.uint32();
          else reader.skip();
        }
        return seconds;
      }),
    ),
  );
}

test("whoever floods leaves room for those who come after", { timeout: 60_000 }, () => {
  const intake = new Intake({
    sink: { append: () => Promise.resolve({ accepted: 0, rejected: 0, reason: "" }) },
    budget: new ByteBudget(1_000),
    refused: () => undefined,
  });
  const flood = Array.from({ length: 200 }, () => intake.open(limited("flood")));
  const held = flood.filter((share) => share.grow(10)).length;
  expect(held).toBe(75);
  const second = Array.from({ length: 200 }, () => intake.open(limited("second")));
  expect(second.filter((share) => share.grow(10)).length).toBe(25);
  // As requests end, each gets to its part.
  for (const share of flood.slice(0, 45)) share.release();
  expect(flood.slice(0, 45).filter((share) => share.grow(10)).length).toBe(3);
  expect(second.slice(30).filter((share) => share.grow(10)).length).toBe(8);
  expect(intake.open(limited("third")).grow(200)).toBe(true);
});
