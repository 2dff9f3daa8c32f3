import type { SpanView, TraceView } from "@throughline/api";
import { expect, test } from "vitest";
import { renderWaterfall } from "./waterfall.ts";

function span(
  name: string,
  depth: number,
  startMs: number,
  ms: number,
  overrides: Partial<SpanView> = {},
): SpanView {
  return {
    spanId: name.padEnd(16, "0").slice(0, 16),
    parentSpanId: null,
    parentMissing: false,
    name,
    service: "s",
    kind: "internal",
    startOffsetNs: startMs * 1e6,
    durationNs: ms * 1e6,
    selfNs: ms * 1e6,
    depth,
    status: "unset",
    statusMessage: "",
    attributes: [],
    events: [],
    links: [],
    resource: [],
    scope: { name: "", version: "" },
    ...overrides,
  };
}

const spans = [
  span("root", 0, 0, 100),
  span("short", 1, 5, 10),
  span("long", 1, 20, 80, {
    status: "error",
    attributes: [{ key: "error.message", type: "string", value: "403 Forbidden" }],
  }),
];
const trace: TraceView = {
  summary: {
    traceId: "a".repeat(32),
    rootService: "s",
    rootOperation: "root",
    startUnixNano: "0",
    durationNs: 100e6,
    spanCount: 3,
    errorCount: 1,
    services: [],
    ticketId: "T-1",
    tenantId: "acme",
    priority: null,
    enhancementStatus: "failed",
    slow: true,
    firstError: null,
  },
  spans,
  criticalPath: [],
  bottleneck: { spanId: spans[2]?.spanId ?? "", name: "long", selfNs: 80e6, percent: 80 },
};
const options = { order: "start", colour: false, consoleUrl: "http://127.0.0.1:16686" } as const;

test("totals, times, the bottleneck with its share, the error and where to look", () => {
  const text = renderWaterfall(trace, options);
  for (const part of [
    "T-1",
    "not enhanced",
    "slow",
    "total 100.0 ms",
    "bottleneck: long, 80.0 ms = 80 % of the trace",
    "✗ long: 403 Forbidden",
    `/trace/${"a".repeat(32)}`,
    "npx throughline trace T-1",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("\u001b[");
});

test("bars of one width stand where the spans stand in time", () => {
  const bars = [...renderWaterfall(trace, options).matchAll(/[·█]{32}/g)].map(([bar]) => bar);
  expect(bars).toHaveLength(3);
  expect(bars[0]).toBe("█".repeat(32));
  expect(bars[2]).toBe(`${"·".repeat(6)}${"█".repeat(26)}`);
});

test("sorted by duration the longest comes first", () => {
  const lines = renderWaterfall(trace, { ...options, order: "duration" }).split("\n");
  const names = lines
    .filter((line) => /[█]/.test(line))
    .map((line) =>
      line
        .trim()
        .split(/\s+/)
        .find((word) => /^[a-z]/.test(word)),
    );
  expect(names).toEqual(["root", "long", "short"]);
});

test("colours are for those who want them, and a span's name cannot steer the terminal", () => {
  const hostile = { ...trace, spans: [span("evil\u001b[2J\u0007\nname", 0, 0, 100)] };
  expect(renderWaterfall(trace, { ...options, colour: true })).toContain("\u001b[31m");
  const plain = renderWaterfall(hostile, options);
  expect(plain).toContain("evil·[2J·name");
});
