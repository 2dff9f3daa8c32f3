import { expect, test } from "vitest";
import type { RedSeries } from "../api/statistics.ts";
import { figuresOf, formatRate, formatRates, sortSeries } from "./figures.ts";
import { spanWindow } from "./span-window.ts";

const minute = Date.parse("2026-01-05T10:00:00Z") / 60_000;
const red = (at: number, spans: number, errors: number, p95Ns = 2) => ({
  minute: at,
  spans,
  errors,
  durationSumNs: spans * p95Ns,
  p50Ns: 1,
  p75Ns: 1,
  p95Ns,
  p99Ns: 3,
});

test("a step without spans has a rate of nothing and no durations", () => {
  const window = spanWindow(
    { start: minute * 60_000_000, end: (minute + 2) * 60_000_000 + 30_000_000 },
    (minute + 2.5) * 60_000,
  );
  expect(figuresOf([red(minute, 120, 30), red(minute + 2, 60, 0)], window)).toEqual({
    atMs: [minute * 60_000, (minute + 1) * 60_000, (minute + 2) * 60_000],
    rate: [2, 0, 2],
    errors: [25, null, 0],
    p50: [1, null, 1],
    p95: [2, null, 2],
    p99: [3, null, 3],
  });
});

test("rates are written in the unit in which they are read", () => {
  expect([0, 0.0005, 0.05, 0.5, 2.345, 234.5, 23_456, 2_345_678].map(formatRate)).toEqual([
    "0 /s",
    "1.8 /h",
    "3 /min",
    "30 /min",
    "2.35 /s",
    "235 /s",
    "23.5 k /s",
    "2.35 M /s",
  ]);
});

test("an axis has one unit, that of its largest rate", () => {
  expect(formatRates([0, 0.01, 0.02])).toEqual(["0 /min", "0.6 /min", "1.2 /min"]);
  expect(formatRates([0, 50])).toEqual(["0 /s", "50 /s"]);
});

test("services come by where the time goes, errors, durations or names", () => {
  const series = (service: string, spans: number, errors: number, p95Ns: number): RedSeries => ({
    service,
    operation: "",
    kind: 0,
    minutes: [],
    total: red(minute, spans, errors, p95Ns),
  });
  const all = [series("b", 100, 1, 10), series("a", 1, 1, 20), series("c", 5, 0, 30)];
  const names = (sort?: Parameters<typeof sortSeries>[1]) =>
    sortSeries(all, sort)
      .map(({ service }) => service)
      .join("");
  expect([names(), names("errors"), names("slow"), names("name")]).toEqual(["bca", "abc", "cab", "abc"]);
});
