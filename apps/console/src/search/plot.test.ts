import { expect, test } from "vitest";
import { cellsOf, durationTicks, placeOf, plotOf, pointsOf, regionOf } from "./plot.ts";

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
