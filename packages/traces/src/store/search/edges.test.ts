import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { exampleSpan, resourceOf, text } from "../example-spans.ts";
import { blockSegment, headSegment } from "./segments.ts";
import { StoreReader } from "./store-reader.ts";

const base = 1_700_000_000_000_000_000n;
const minute = Number(base / 60_000_000_000n);
let ids = 0;
function span(
  service: string,
  kind: SpanRecord["kind"],
  attributes: Record<string, string | bigint> = {},
  parts: Partial<SpanRecord> = {},
) {
  ids++;
  return exampleSpan({
    spanId: ids.toString(16).padStart(16, "0"),
    resource: resourceOf(service),
    kind,
    attributes: Object.entries(attributes).map(([key, value]) =>
      typeof value === "string" ? text(key, value) : { key, value: { type: "int", value } },
    ),
    startUnixNano: base + BigInt(ids),
    ...parts,
  });
}

/** As `parent -> child calls/failed`, from a head and from a block. */
async function edgesOf(spans: readonly SpanRecord[]): Promise<string[]> {
  const answers = await Promise.all(
    [headSegment(spans), blockSegment(spans)].map((segment) =>
      new StoreReader({ segments: () => [segment], failed: () => Promise.resolve() }).edges({
        fromMinute: minute,
        toMinute: minute,
      }),
    ),
  );
  const [head, block] = answers.map((edges) =>
    edges.map(({ parent, child, calls, failed }) => `${parent} -> ${child} ${calls}/${failed}`),
  );
  expect(block).toEqual(head);
  return head ?? [];
}

test("databases, queues and other peers that send no spans stand among the services they are called by", async () => {
  expect(
    await edgesOf([
      span("shop", 3, { "db.system.name": "postgresql", "server.address": "db-1", "server.port": 5432n }),
      span("shop", 3, { "db.system": "redis" }, { statusCode: 2 }),
      span("shop", 3, { "db.system": "mysql", "db.name": "orders" }),
      span("shop", 4, { "messaging.system": "kafka", "messaging.destination.name": "orders" }),
      span("mailer", 5, { "messaging.system": "kafka", "messaging.destination": "orders" }),
      span("shop", 3, { "peer.service": "billing", "server.address": "10.0.0.1" }),
      span("shop", 3, {
        "server.address": "desk.example.com",
        "server.port": 8080n,
        "url.full": "https://other/",
      }),
      span("shop", 3, { "http.url": "https://api.example.com/v1?x=1" }),
      span("shop", 3, { "net.peer.name": "plain.example.com", "net.peer.port": 443n }),
      // Nothing is known of these.
      span("shop", 3, {}),
      span("shop", 5, { "server.address": "broker" }),
      span("shop", 2, { "server.address": "shop.example.com" }),
      span("shop", 3, { "peer.service": "shop" }),
    ]),
  ).toEqual([
    "kafka:orders -> mailer 1/0",
    "shop -> api.example.com 1/0",
    "shop -> billing 1/0",
    "shop -> desk.example.com:8080 1/0",
    "shop -> kafka:orders 1/0",
    "shop -> mysql:orders 1/0",
    "shop -> plain.example.com 1/0",
    "shop -> postgresql:db-1 1/0",
    "shop -> redis 1/1",
  ]);
});

test("a call whose other side is stored is counted once, between the services", async () => {
  const call = span("shop", 3, { "server.address": "stock.internal", "peer.service": "stock" });
  const served = span("stock", 2, {}, { parentSpanId: call.spanId, statusCode: 2 });
  const sent = span("shop", 4, { "messaging.system": "kafka", "messaging.destination.name": "orders" });
  const taken = span(
    "mailer",
    5,
    { "messaging.system": "kafka", "messaging.destination.name": "orders" },
    { parentSpanId: sent.spanId },
  );
  expect(await edgesOf([call, served, sent, taken])).toEqual(["shop -> mailer 1/0", "shop -> stock 1/1"]);
});

test("how long calls take is told of the called side, and of the calling one where no span tells of the called", async () => {
  const lasting = (ns: bigint) => ({ endUnixNano: base + BigInt(ids + 1) + ns });
  const calls = Array.from({ length: 20 }, (_, at) => {
    const call = span("shop", 3, {}, lasting(900_000_000n));
    const served = span(
      "stock",
      2,
      {},
      { parentSpanId: call.spanId, ...lasting(at === 0 ? 500_000_000n : 2_000_000n) },
    );
    return [call, served, span("stock", 3, { "db.system": "redis" }, lasting(40_000n))];
  }).flat();
  for (const segment of [headSegment(calls), blockSegment(calls)]) {
    const edges = await new StoreReader({ segments: () => [segment], failed: () => Promise.resolve() }).edges(
      {
        fromMinute: minute,
        toMinute: minute,
      },
    );
    const [stock, redis] = edges;
    expect([stock?.child, redis?.child]).toEqual(["stock", "redis"]);
    expect(Math.abs((stock?.p50Ns ?? 0) / 2_000_000 - 1)).toBeLessThan(0.032);
    expect(Math.abs((stock?.p95Ns ?? 0) / 2_000_000 - 1)).toBeLessThan(0.032);
    expect(Math.abs((redis?.p95Ns ?? 0) / 40_000 - 1)).toBeLessThan(0.032);
  }
});

test("every span counts, however many share a trace, and those of other times do not", async () => {
  const calls = Array.from({ length: 300 }, (_, at) =>
    span("shop", 3, { "db.system": "redis" }, { statusCode: at % 3 === 0 ? 2 : 0 }),
  );
  const later = span("shop", 3, { "db.system": "redis" }, { startUnixNano: base + 3_600_000_000_000n });
  expect(await edgesOf([...calls, later])).toEqual(["shop -> redis 300/100"]);
});
