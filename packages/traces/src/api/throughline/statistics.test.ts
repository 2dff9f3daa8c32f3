import { exemplarAnswer, redAnswer } from "@throughline/api";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const second = 1_700_000_000_000_000_000n;
const spans = Array.from({ length: 4 }, (_, at) =>
  exampleSpan({
    spanId: String(at + 1).padStart(16, "0"),
    name: at === 3 ? "pay" : "work",
    startUnixNano: second,
    endUnixNano: second + BigInt(at + 1) * 1_000_000n,
    statusCode: at === 0 ? 2 : 0,
    resource: resourceOf("shop"),
    attributes: [text("ticket.id", at === 0 ? "T-1" : "T-2")],
    events: [],
    links: [],
  }),
);
const window = "start=2023-11-14T22:00:00Z&end=2023-11-14T23:00:00Z";

test("keys and values are counted exactly, the most frequent first", async () => {
  const server = serverOver(spans);
  const keys = JSON.parse((await get(server, `/api/throughline/attributes?${window}`)).body) as {
    keys: unknown[];
  };
  expect(keys.keys).toContainEqual({ key: "ticket.id", spans: 4 });
  const values = await get(server, `/api/throughline/attribute-values?key=ticket.id&${window}`);
  expect(JSON.parse(values.body)).toEqual({
    key: "ticket.id",
    values: [
      { value: "T-2", spans: 3 },
      { value: "T-1", spans: 1 },
    ],
  });
});

test("rates and errors are exact, quantiles within 3.2 %", async () => {
  const { body } = await get(serverOver(spans), `/api/throughline/red?service=shop&${window}`);
  const { series } = JSON.parse(body) as {
    series: { operation: string; minutes: unknown[]; total: Record<string, number> }[];
  };
  expect(series.map(({ operation }) => operation)).toEqual(["pay", "work"]);
  const total = series[1]?.total;
  expect(total).toMatchObject({ spans: 3, errors: 1, durationSumNs: 6_000_000 });
  expect(total?.["p50Ns"]).toBeGreaterThan(2_000_000 * 0.968);
  expect(total?.["p50Ns"]).toBeLessThan(2_000_000 * 1.032);
  expect(total?.["p99Ns"]).toBeLessThan(3_000_000 * 1.032);
  expect(series[1]?.minutes).toHaveLength(1);
});

test("a service's operations are counted together, only those of the kinds that are asked for, in steps of many minutes", async () => {
  const at = (minutes: bigint, parts: Partial<SpanRecord>) =>
    exampleSpan({
      startUnixNano: 1_699_999_200_000_000_000n + minutes * 60_000_000_000n,
      endUnixNano: 1_699_999_200_000_000_000n + minutes * 60_000_000_000n + 1_000_000n,
      ...parts,
    });
  const server = serverOver([
    at(0n, { spanId: "00000000000000a1", name: "a", kind: 2 }),
    at(7n, { spanId: "00000000000000a2", name: "b", kind: 5, statusCode: 2 }),
    at(12n, { spanId: "00000000000000a3", name: "b", kind: 2 }),
    at(12n, { spanId: "00000000000000a4", name: "c", kind: 3 }),
  ]);
  const { body } = await get(
    server,
    "/api/throughline/red?start=2023-11-14T22:00:00Z&end=2023-11-14T22:59:00Z&by=service&kind=server&kind=consumer&step=10",
  );
  const { series } = redAnswer.parse(JSON.parse(body));
  expect(
    series.map(({ operation, kind, total, minutes }) => [
      operation,
      kind,
      total.spans,
      total.errors,
      minutes.map(({ minute, spans: count }) => [minute - 1_699_999_200 / 60, count]),
    ]),
  ).toEqual([
    [
      "",
      0,
      3,
      1,
      [
        [0, 2],
        [10, 1],
      ],
    ],
  ]);
});

test("an exemplar is the longest span of its trace that fits", async () => {
  const of = (traceId: string, spanId: string, ms: bigint, parts: Partial<SpanRecord> = {}) =>
    exampleSpan({
      traceId: traceId.padStart(32, "0"),
      spanId: spanId.padStart(16, "0"),
      startUnixNano: 1_700_000_000_000_000_000n,
      endUnixNano: 1_700_000_000_000_000_000n + ms * 1_000_000n,
      name: "pay",
      ...parts,
    });
  const server = serverOver([
    of("1", "1", 10n),
    of("1", "2", 30n),
    of("1", "3", 90n, { name: "other" }),
    of("2", "4", 5n, { statusCode: 2 }),
  ]);
  const found = async (query: string) => {
    const { body } = await get(server, `/api/throughline/exemplars?service=shop&${query}`);
    return exemplarAnswer
      .parse(JSON.parse(body))
      .exemplars.map(
        ({ spanId, durationNs, isError }) => [Number(spanId), durationNs / 1e6, isError] as const,
      )
      .sort(([a], [b]) => a - b);
  };
  expect(await found("operation=pay")).toEqual([
    [2, 30, false],
    [4, 5, true],
  ]);
  expect(await found("operation=pay&minDuration=8ms")).toEqual([[2, 30, false]]);
  expect(await found("status=error")).toEqual([[4, 5, true]]);
  expect((await get(server, "/api/throughline/exemplars")).body).toContain("'service'");
});

test("outside of the window nothing is counted", async () => {
  const server = serverOver(spans);
  const early = "start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z";
  for (const [path, name] of [
    ["attributes?", "keys"],
    ["attribute-values?key=ticket.id&", "values"],
    ["red?", "series"],
    ["service-calls?", "calls"],
  ])
    expect(JSON.parse((await get(server, `/api/throughline/${path}${early}`)).body), path).toMatchObject({
      [name ?? ""]: [],
    });
});

test.each([
  ["attribute-values", "key"],
  ["attributes?limit=0", "limit"],
  ["attributes?start=yesterday", "start"],
  ["attributes?start=2023-11-14T23:00:00Z&end=2023-11-14T22:00:00Z", "end"],
  ["red?services=shop", "services"],
  ["red?kind=servant", "kind"],
  ["red?step=0", "step"],
  ["red?by=minute", "by"],
])("%s is a wrong use of '%s'", async (path, name) => {
  const { status, body } = await get(serverOver(spans), `/api/throughline/${path}`);
  expect(status).toBe(400);
  expect(body).toContain(`'${name}'`);
});
