import { describe, expect, test } from "vitest";
import { decodeOtlpProtobuf } from "./decode/otlp-protobuf.ts";
import {
  all,
  ask,
  day,
  event,
  lasting,
  link,
  reader,
  spanOf,
  startStorage,
  tracesOf,
  window,
  withResource,
  write,
} from "./jaeger-storage-client.ts";
import type { SpanRecord } from "./model.ts";

/**
 * What Jaeger asks of any storage behind jaeger.storage.v2, with data of our own: written as OTLP through the storage's port, old dates and
 * all, read back as written, found by each kind of condition beside counter-examples of it.
 */
const asked = Object.entries({
  word: { stringValue: "same-value" },
  whole: { intValue: "123" },
  part: { doubleValue: 72.5 },
  yes: { boolValue: true },
}).map(([key, of]) => ({ key, value: of }));
const single: Record<string, SpanRecord> = {
  span: spanOf("one-spot-span", {
    attributes: [...all, { key: "blob", value: { type: "bytes", value: Uint8Array.of(0, 0, 48, 57) } }],
  }),
  log: spanOf("one-spot-log", { events: [{ ...event, attributes: all }, event] }),
  process: spanOf("one-spot-process", { resource: withResource("one-spot-process", all) }),
  scope: spanOf("one-spot-scope", {
    scope: { name: "library", version: "1.1.1", attributes: all, droppedAttributesCount: 0, schemaUrl: "" },
  }),
  link: spanOf("one-spot-link", { links: [{ ...link, attributes: all }] }),
  spots: spanOf("many-spots", {
    resource: withResource("many-spots", all.slice(0, 1)),
    attributes: all.slice(1, 2),
    events: [{ ...event, attributes: all.slice(2) }, event],
  }),
  operation: spanOf("timed", { name: "wanted" }),
  short: spanOf("timed", { name: "wanted", ...lasting(1_000n) }),
  long: spanOf("timed", { name: "other", ...lasting(100_000n) }),
  partial: spanOf("many-spots", { attributes: all.slice(0, 3) }),
};
const midnight = [
  spanOf("over-midnight", { startUnixNano: day }),
  spanOf("over-midnight", {
    startUnixNano: day - 86_400_000_000_000n,
    endUnixNano: day - 86_399_999_995_000n,
  }),
];
for (const span of midnight) span.traceId = "e".repeat(32);
const example = [
  spanOf("example-2", { name: "operation-2" }),
  spanOf("example-3", { name: "operation-1" }),
  spanOf("example-1", { name: "operation-1" }),
  spanOf("example-2", { name: "operation-5", startUnixNano: day + 1n }),
  spanOf("example-1", { name: "operation-3", kind: 2 }),
  spanOf("example-1", { name: "operation-4", kind: 3 }),
];
for (const span of example) span.traceId = "a".repeat(32);
const several = Array.from({ length: 3 }, () => spanOf("several"));
const large = Array.from({ length: 10_008 }, (_, at) =>
  spanOf("large", {
    traceId: "b".repeat(32),
    spanId: (at + 1).toString(16).padStart(16, "0"),
    startUnixNano: day + BigInt(at) * 1_000_000_000n,
    endUnixNano: day + BigInt(at) * 1_000_000_000n + 5_000n,
  }),
);
const sharing = Array.from({ length: 200 }, (_, at) =>
  spanOf("sharing", {
    traceId: "c".repeat(32),
    spanId: (at > 0 && at % 20 === 0 ? 1 : at + 1).toString(16).padStart(16, "0"),
    startUnixNano: day + BigInt(at + 1) * 1_000_000_000n,
    endUnixNano: day + BigInt(at + 1) * 1_000_000_000n + 5_000n,
  }),
);

describe("a Jaeger's storage", () => {
  const cases: [string, object, string[]][] = [
    ...(["span", "log", "process", "scope", "link"] as const).map((spot): [string, object, string[]] => [
      `tags of ${spot}`,
      { serviceName: `one-spot-${spot}`, attributes: asked },
      [spot],
    ]),
    ["tags in many spots", { serviceName: "many-spots", attributes: asked }, ["spots"]],
    ["an operation", { serviceName: "timed", operationName: "wanted" }, ["operation", "short"]],
    ["a longest duration", { serviceName: "timed", durationMax: { nanos: 2_000 } }, ["short"]],
    [
      "durations in a range",
      { serviceName: "timed", durationMin: { nanos: 4_500 }, durationMax: { nanos: 5_500 } },
      ["operation"],
    ],
    [
      "scope name as a tag",
      { attributes: [{ key: "otel.scope.name", value: { stringValue: "library" } }] },
      ["scope"],
    ],
  ];

  test("finds by every kind of condition what was written with dates of long ago, as it was written", async () => {
    const { client } = await startStorage();
    await write(client, Object.values(single));
    await write(client, [...several, ...midnight]);
    for (const [caption, query, names] of cases) {
      const found = tracesOf(
        await ask(client, `${reader}/FindTraces`, { query: { searchDepth: 1000, ...window, ...query } }),
      );
      expect([...found.values()].flat().toSorted(byId), caption).toEqual(
        names.map((name) => single[name]).toSorted((a, b) => byId(a as SpanRecord, b as SpanRecord)),
      );
    }
    const anywhere = { ...window, attributes: asked.slice(0, 1), searchDepth: 3 };
    expect(tracesOf(await ask(client, `${reader}/FindTraces`, { query: anywhere })).size).toBe(3);
    const three = tracesOf(
      await ask(client, `${reader}/FindTraces`, {
        query: { ...window, serviceName: "several", searchDepth: 1000 },
      }),
    );
    expect(three.size).toBe(3);
    const both = tracesOf(
      await ask(client, `${reader}/FindTraces`, { query: { ...window, serviceName: "over-midnight" } }),
    );
    // The whole trace, also its span of the day before.
    expect(both.get("e".repeat(32))).toHaveLength(2);
    const two = await ask(client, `${reader}/FindTraceIDs`, {
      query: { ...window, serviceName: "several", searchDepth: 2 },
    });
    expect(two[0]?.message).toMatchObject({ traceIds: [{}, {}] });
    const several3 = several.map(({ traceId }) => ({ traceId: Buffer.from(traceId, "hex") }));
    const by = await ask(client, `${reader}/GetTraces`, {
      query: [several3[2], { traceId: Buffer.alloc(16, 9) }, several3[0]],
    });
    expect([...tracesOf(by).keys()]).toEqual([several[2]?.traceId, several[0]?.traceId]);
    expect(await ask(client, `${reader}/GetTraces`, { query: [{ traceId: Buffer.alloc(16, 9) }] })).toEqual(
      [],
    );
  });

  test("lists services and operations by kind, and a trace of three services has as many resources", async () => {
    const { client } = await startStorage();
    await write(client, example);
    const services = await ask(client, `${reader}/GetServices`, {});
    expect(services[0]?.message).toEqual({ services: ["example-1", "example-2", "example-3"] });
    const operations = await ask(client, `${reader}/GetOperations`, { service: "example-1" });
    expect(operations[0]?.message).toEqual({
      operations: [
        { name: "operation-1", spanKind: "" },
        { name: "operation-3", spanKind: "server" },
        { name: "operation-4", spanKind: "client" },
      ],
    });
    const servers = await ask(client, `${reader}/GetOperations`, {
      service: "example-1",
      spanKind: "server",
    });
    expect(servers[0]?.message).toEqual({ operations: [{ name: "operation-3", spanKind: "server" }] });
    const [chunk] = await ask(client, `${reader}/GetTraces`, {
      query: [{ traceId: Buffer.alloc(16, 0xaa) }],
    });
    const { spans } = decodeOtlpProtobuf(chunk?.bytes ?? Buffer.alloc(0));
    expect(new Set(spans.map(({ resource }) => resource)).size).toBe(3);
    expect(spans).toHaveLength(example.length);
  });

  test("keeps a trace of ten thousand spans whole, and spans that share an id apart", async () => {
    const { client, opened } = await startStorage();
    for (let at = 0; at < large.length; at += 4_000) await write(client, large.slice(at, at + 4_000));
    await write(client, sharing);
    for (const sealed of [false, true]) {
      if (sealed) opened.heads.seal("now");
      const id = (byte: number) => ({ query: [{ traceId: Buffer.alloc(16, byte) }] });
      expect(tracesOf(await ask(client, `${reader}/GetTraces`, id(0xbb))).get("b".repeat(32))).toHaveLength(
        10_008,
      );
      const shared = tracesOf(await ask(client, `${reader}/GetTraces`, id(0xcc))).get("c".repeat(32)) ?? [];
      expect(shared).toHaveLength(200);
      expect(new Set(shared.map(({ spanId }) => spanId)).size).toBe(191);
    }
  });
});
function byId(a: SpanRecord, b: SpanRecord): number {
  return a.spanId.localeCompare(b.spanId);
}
