import { expect, test } from "vitest";
import { cellsOf, durationTicks, placeOf, plotOf, pointsOf, regionOf, timeTicks } from "./plot.ts";

const trace = (traceId: string, startMs: number, durationNs: number, errorCount = 0) => ({
  traceId,
  startUnixNano: `${startMs}000000`,
  durationNs,
  errorCount,
  spanCount: 3,
});
const points = pointsOf([trace("a", 1_000, 1e6), trace("b", 2_000, 1e9, 1), trace("c", 3_000, -5)]);

const pointAt = (at: number) => points[at] ?? expect.fail("no such point");

test("every trace has a place in the plot, whatever its clock said", () => {
  const plot = plotOf(points);
  for (const point of points) {
    const [x, y] = placeOf(point, plot);
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(1);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(1);
  }
  expect(placeOf(pointAt(1), plot)[1]).toBeLessThan(placeOf(pointAt(0), plot)[1]);
});

test("what is drawn around a point holds it, in time and in duration", () => {
  const plot = plotOf(points);
  const [x, y] = placeOf(pointAt(1), plot);
  const region = regionOf(plot, [x + 0.1, y - 0.1], [x - 0.1, y + 0.1]);
  expect(region.fromMs).toBeLessThan(2_000);
  expect(region.toMs).toBeGreaterThan(2_000);
  expect(region.minMs).toBeLessThan(1_000);
  expect(region.maxMs).toBeGreaterThan(1_000);
});

test("cells count every point once, and its errors", () => {
  const cells = cellsOf(points, plotOf(points), 10, 5);
  expect(cells.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  expect(cells.reduce((sum, { errors }) => sum + errors, 0)).toBe(1);
});

test("one point alone, and none, have axes too", () => {
  expect(placeOf(pointAt(0), plotOf([pointAt(0)]))[0]).toBeCloseTo(0.5);
  expect(plotOf([])).toEqual({ fromMs: 0, toMs: 1, low: 0, high: 1 });
  expect(durationTicks({ fromMs: 0, toMs: 1, low: 0, high: 3 })).toEqual([1, 10, 100, 1000]);
});

test("axes have round durations and moments, as many as there is room for", () => {
  expect(durationTicks({ fromMs: 0, toMs: 1, low: 3.3, high: 3.8 })).toEqual([
    2_000, 3_000, 4_000, 5_000, 6_000,
  ]);
  expect(durationTicks({ fromMs: 0, toMs: 1, low: 0.9, high: 2.1 })).toEqual([10, 20, 50, 100]);
  const within = (fromMs: number, toMs: number) => timeTicks({ fromMs, toMs, low: 0, high: 1 }, 4);
  expect(within(1_003, 1_300)).toEqual({ at: [1_100, 1_200, 1_300], stepMs: 100 });
  expect(within(0, 3_600_000)).toEqual({
    at: [0, 900_000, 1_800_000, 2_700_000, 3_600_000],
    stepMs: 900_000,
  });
  expect(within(0, 400 * 86_400_000).at.length).toBeGreaterThan(0);
});
