import { expect, test } from "vitest";
import { axisTicks, formatRange, parseRange, position } from "./ticks.ts";

test("an axis has round marks and no more than asked for", () => {
  expect(axisTicks({ fromNs: 0, toNs: 58_300_000 }, 6)).toEqual([0, 10e6, 20e6, 30e6, 40e6, 50e6]);
  expect(axisTicks({ fromNs: 0, toNs: 3_050_000_000 }, 4)).toEqual([0, 1e9, 2e9, 3e9]);
});

test("a zoomed axis starts at the first round mark inside it", () => {
  expect(axisTicks({ fromNs: 1_234, toNs: 2_100 }, 5)).toEqual([1_400, 1_600, 1_800, 2_000]);
});

test("minutes and hours are divided as a clock is", () => {
  expect(axisTicks({ fromNs: 0, toNs: 240e9 }, 5)).toEqual([0, 60e9, 120e9, 180e9, 240e9]);
  expect(axisTicks({ fromNs: 0, toNs: 86_400e9 }, 4)).toHaveLength(5);
  expect(axisTicks({ fromNs: 0, toNs: 30 * 86_400e9 }, 6).length).toBeLessThanOrEqual(7);
});

test("a trace without duration has one mark", () => {
  expect(axisTicks({ fromNs: 0, toNs: 0 }, 5)).toEqual([0]);
});

test("a range survives the URL", () => {
  expect(parseRange(formatRange({ fromNs: 10.7, toNs: 99.2 }), 1_000)).toEqual({ fromNs: 10, toNs: 100 });
});

test("a range that fits nowhere shows the whole trace", () => {
  const whole = { fromNs: 0, toNs: 1_000 };
  for (const text of [undefined, "", "x", "5-", "900-100", "2000-3000", "-5-10"]) {
    expect(parseRange(text, 1_000)).toEqual(whole);
  }
  expect(parseRange("100-5000", 1_000)).toEqual({ fromNs: 100, toNs: 1_000 });
  expect(parseRange(undefined, 0)).toEqual({ fromNs: 0, toNs: 1 });
});

test("positions are shares of the range", () => {
  expect(position(150, { fromNs: 100, toNs: 200 })).toBe(0.5);
  expect(position(50, { fromNs: 100, toNs: 200 })).toBe(-0.5);
});
