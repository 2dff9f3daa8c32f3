import { callStructure, traceDifferences } from "@throughline/api";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const base = 1_700_000_000_000_000_000n;
const hex = (id: number, digits: number): string => id.toString(16).padStart(digits, "0");

/** A root that calls, `took` nanoseconds; its error stands on the call. */
function trace(
  id: number,
  took: number,
  more: { version?: string; user?: string; error?: boolean; call?: string } = {},
): SpanRecord[] {
  const { version = "1", user = `user-${id}`, error = false, call = "query" } = more;
  const shared = { traceId: hex(id, 32), resource: resourceOf("shop") };
  const start = base + BigInt(id) * 1_000_000n;
  return [
    exampleSpan({
      ...shared,
      spanId: hex(1, 16),
      name: "order",
      startUnixNano: start,
      endUnixNano: start + BigInt(took),
      attributes: [text("app.version", version), text("user.id", user), text("region", "eu")],
    }),
    exampleSpan({
      ...shared,
      spanId: hex(2, 16),
      parentSpanId: hex(1, 16),
      name: call,
      startUnixNano: start,
      endUnixNano: start + BigInt(took) / 2n,
      ...(error ? { statusCode: 2, statusMessage: "refused" } : {}),
    }),
  ];
}

async function structure(spans: readonly SpanRecord[], query: string) {
  const { status, body } = await get(serverOver(spans), `/api/throughline/structure?${query}`);
  expect([status, body]).toEqual([200, body]);
  return callStructure.parse(JSON.parse(body));
}

async function differences(spans: readonly SpanRecord[], query: string) {
  const { status, body } = await get(serverOver(spans), `/api/throughline/differences?${query}`);
  expect([status, body]).toEqual([200, body]);
  return traceDifferences.parse(JSON.parse(body));
}

test("traces are put together by who calls whom", async () => {
  const spans = [...trace(1, 100), ...trace(2, 300, { error: true }), ...trace(3, 200, { call: "cache" })];
  const all = await structure(spans, "service=shop");
  expect([all.traces, all.spans, all.isPartial, all.p50Ns, all.p95Ns]).toEqual([3, 6, false, 200, 300]);
  const byName = new Map(all.nodes.map((node) => [node.name, node]));
  expect(all.nodes[0]).toMatchObject({
    parent: -1,
    name: "order",
    traces: 3,
    spans: 3,
    totalNs: 600,
    selfNs: 300,
  });
  expect(byName.get("query")).toMatchObject({ parent: 0, traces: 2, spans: 2, errors: 1, totalNs: 200 });
  expect(byName.get("cache")).toMatchObject({ parent: 0, traces: 1, spans: 1, p50Ns: 100 });
});

test("single traces are named by their ids; unknown ones count for nothing", async () => {
  const spans = [...trace(1, 100), ...trace(2, 300)];
  const one = await structure(spans, `trace=${hex(2, 32)}&trace=${hex(9, 32)}`);
  expect([one.traces, one.p50Ns]).toEqual([1, 300]);
  expect((await structure(spans, `trace=${hex(9, 32)}`)).nodes).toEqual([]);
});

test("what was not looked at is said", async () => {
  const spans = [1, 2, 3].flatMap((id) => trace(id, 100));
  expect((await structure(spans, "limit=2")).isPartial).toBe(true);
  expect((await structure(spans, "limit=2")).traces).toBe(2);
});

test("more paths than an answer has room for are left out, and that is said", async () => {
  const shared = { traceId: hex(1, 32), resource: resourceOf("shop") };
  const chain = Array.from({ length: 6_000 }, (_, at) =>
    exampleSpan({ ...shared, spanId: hex(at + 1, 16), parentSpanId: at === 0 ? "" : hex(at, 16) }),
  );
  const deep = await structure(chain, `trace=${hex(1, 32)}`);
  expect([deep.nodes.length, deep.spans, deep.isPartial]).toEqual([5_000, 6_000, true]);
});

test("of the failed traces it is told what the rest have not, the most telling first", async () => {
  const spans = Array.from({ length: 40 }, (_, at) =>
    trace(at + 1, 100, at % 4 === 0 ? { version: "2", error: true } : { version: at === 1 ? "2" : "1" }),
  ).flat();
  const found = await differences(spans, "");
  expect([found.selected, found.rest, found.spans, found.slowerThanNs]).toEqual([10, 30, 80, null]);
  expect(found.attributes[0]).toEqual({
    key: ":statusMessage",
    value: "refused",
    selected: 10,
    rest: 0,
    selectedShare: 1,
    restShare: 0,
  });
  const version = found.attributes.find(({ key, value }) => key === "app.version" && value === "2");
  expect(version).toMatchObject({ selected: 10, rest: 1, selectedShare: 1 });
  // What all have, and what each has alone, tells nothing.
  expect(found.attributes.map(({ key }) => key)).not.toContain("region");
  expect(found.attributes.map(({ key }) => key)).not.toContain("user.id");
});

test("slow are the slowest tenth, or those that took longer than is said", async () => {
  const spans = Array.from({ length: 20 }, (_, at) =>
    trace(at + 1, 1_000 + at, { version: at >= 15 ? "slow" : "quick" }),
  ).flat();
  const tenth = await differences(spans, "select=slow");
  expect([tenth.selected, tenth.slowerThanNs]).toEqual([3, 1_017]);
  const bound = await differences(spans, "slowerThan=1015ns");
  expect([bound.selected, bound.slowerThanNs]).toEqual([5, 1_015]);
  expect(bound.attributes[0]).toMatchObject({ key: "app.version", selectedShare: 1, restShare: 0 });
});

test("without either kind there is nothing to tell", async () => {
  expect((await differences(trace(1, 100), "")).attributes).toEqual([]);
  expect(await differences([], "")).toMatchObject({ selected: 0, rest: 0, attributes: [] });
});

test("a wrong parameter is named", async () => {
  const server = serverOver(trace(1, 100));
  for (const query of [
    "structure?trace=x",
    "structure?q=T-1",
    "structure?unheard=of",
    "differences?select=odd",
    "differences?select=error&slowerThan=1s",
    "differences?attributes=0",
    "differences?limit=5000",
  ]) {
    const { status, body } = await get(server, `/api/throughline/${query}`);
    expect([query, status, (JSON.parse(body) as { code: string }).code]).toEqual([
      query,
      400,
      "TL_PARAMETER_INVALID",
    ]);
  }
});
