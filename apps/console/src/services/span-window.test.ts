import { expect, test } from "vitest";
import { secondsOf, spanWindow, stepStarts, windowQuery } from "./span-window.ts";

const now = Date.parse("2026-01-05T10:20:30Z");
const time = (ms: number) => new Date(ms).toISOString().slice(0, 16);

test("a look-back is cut into steps that people reckon in, at most some 120 of them", () => {
  const steps = ["15m", "1h", "6h", "1d", "7d"].map((lookback) => {
    const window = spanWindow({ lookback }, now);
    return [window.stepMinutes, stepStarts(window).length, time(window.startMs)];
  });
  expect(steps).toEqual([
    [1, 16, "2026-01-05T10:05"],
    [1, 61, "2026-01-05T09:20"],
    [5, 73, "2026-01-05T04:20"],
    [15, 97, "2026-01-04T10:15"],
    [120, 85, "2025-12-29T10:00"],
  ]);
});

test("a window of fixed times counts in place of the look-back, an hour where neither can be read", () => {
  const at = (text: string) => Date.parse(text) * 1_000;
  const window = spanWindow({ start: at("2026-01-01T00:00:20Z"), end: at("2026-01-01T00:03:00Z") }, now);
  expect(windowQuery(window).toString()).toBe(
    "start=2026-01-01T00%3A00%3A00.000Z&end=2026-01-01T00%3A03%3A00.000Z",
  );
  expect(stepStarts(window)).toHaveLength(3);
  expect(spanWindow({ lookback: "soon" }, now)).toEqual(spanWindow({}, now));
});

test("the step that is going on is as long as what has passed of it", () => {
  const window = spanWindow({ lookback: "15m" }, now);
  const starts = stepStarts(window);
  expect(secondsOf(starts[0] ?? 0, window)).toBe(60);
  expect(secondsOf(starts.at(-1) ?? 0, window)).toBe(30);
});
