import { expect, test } from "vitest";
import { axisTicks, formatAge, formatDuration, nanosToMs } from "./format.ts";

test.each([
  [0, "0 ns"],
  [999, "999 ns"],
  [1_500, "1.50 µs"],
  [12_300_000, "12.3 ms"],
  [3_050_000_000, "3.05 s"],
  [126_000_000_000, "2.10 min"],
])("%d ns reads %s", (ns, text) => expect(formatDuration(ns)).toBe(text));

test.each([
  [-500, "now"],
  [30_000, "30 s ago"],
  [200_000, "3 min ago"],
  [8_000_000, "2 h ago"],
  [200_000_000, "2 d ago"],
])("%d ms old reads %s", (age, text) => expect(formatAge(0, age)).toBe(text));

test("an axis has round marks within the trace", () => {
  expect(axisTicks(58_300_000)).toEqual([0, 20_000_000, 40_000_000]);
  expect(axisTicks(0)).toEqual([0]);
  for (const total of [1, 7, 999, 123_456_789, 6e13]) {
    const ticks = axisTicks(total);
    expect(ticks.length).toBeLessThan(12);
    expect(Math.max(...ticks)).toBeLessThanOrEqual(total);
  }
});

test("times keep their microseconds", () => {
  expect(nanosToMs("1795452607522827999")).toBe(1795452607522.827);
});
