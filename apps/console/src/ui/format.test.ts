import { expect, test } from "vitest";
import {
  formatAge,
  formatClock,
  formatCost,
  formatCount,
  formatDuration,
  formatPercent,
  formatTime,
  nanosToMs,
  plural,
} from "./format.ts";

test("a duration has three digits and the unit that fits it", () => {
  expect(
    [0, 850, 12_345, 850_000, 12_340_000, 60_000_000, 3_050_000_000, 42_600_000_000].map(formatDuration),
  ).toEqual(["0 ns", "850 ns", "12.3 µs", "850 µs", "12.3 ms", "60.0 ms", "3.05 s", "42.6 s"]);
});

test("a duration never rounds up to a thousand of its unit", () => {
  expect([999_999, 999_999_999, 9_999_999, 59_999_000_000].map(formatDuration)).toEqual([
    "1.00 ms",
    "1.00 s",
    "10.0 ms",
    "1 min",
  ]);
});

test("minutes and hours come with their smaller unit", () => {
  expect([60e9, 126e9, 119.9e9, 3_600e9, 4_320e9, 7_199.9e9].map(formatDuration)).toEqual([
    "1 min",
    "2 min 6 s",
    "2 min",
    "1 h",
    "1 h 12 min",
    "2 h",
  ]);
});

test("a clock that went back gives a negative duration, not nonsense", () => {
  expect(formatDuration(-1_500_000)).toBe("-1.50 ms");
});

test("an age is now, then seconds, minutes, hours, days", () => {
  const ages = [-9, 2, 12, 90, 7_300, 200_000].map((seconds) => formatAge(0, seconds * 1_000));
  expect(ages).toEqual(["now", "now", "12 s ago", "1 min ago", "2 h ago", "2 d ago"]);
});

test("a time of nanoseconds keeps its milliseconds", () => {
  const atMs = nanosToMs("1790000000123456789");
  expect(atMs).toBeCloseTo(1_790_000_000_123.456, 3);
  expect(formatTime(atMs)).toMatch(/^2026-09-\d\d \d\d:\d\d:20\.123$/);
});

test("a time is written in the zone that is asked for", () => {
  const atMs = Date.parse("2026-11-24T23:30:00.250Z");
  expect(formatTime(atMs, "UTC")).toBe("2026-11-24 23:30:00.250");
  expect(formatTime(atMs, "Asia/Kolkata")).toBe("2026-11-25 05:00:00.250");
  expect(formatClock(atMs, "America/New_York")).toBe("18:30:00");
});

test("a cost keeps two digits that matter, and none is not nothing", () => {
  expect([null, 0, 0.000423, 0.0151, 1.2].map(formatCost)).toEqual([
    "–",
    "$0",
    "$0.00042",
    "$0.015",
    "$1.20",
  ]);
});

test("counts are grouped and take their plural", () => {
  expect([formatCount(7), formatCount(20_000), formatCount(1_234_567)]).toEqual(["7", "20,000", "1,234,567"]);
  expect([plural(1, "span"), plural(0, "error")]).toEqual(["1 span", "0 errors"]);
});

test("a small share is not rounded to nothing", () => {
  expect([92.4, 3.44, 0.04, 0, 100].map(formatPercent)).toEqual(["92 %", "3.4 %", "< 0.1 %", "0 %", "100 %"]);
});
