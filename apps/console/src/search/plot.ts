import { nanosToMs } from "../ui/format.ts";

/** A trace as a point: when it began, how long it took. */
export interface Point {
  traceId: string;
  atMs: number;
  durationMs: number;
  isError: boolean;
  spans: number;
}

export interface Plot {
  fromMs: number;
  toMs: number;
  /** Logarithms of milliseconds, to base 10. */
  low: number;
  high: number;
}

export function pointsOf(
  traces: readonly {
    traceId: string;
    startUnixNano: string;
    durationNs: number;
    errorCount: number;
    spanCount: number;
  }[],
): Point[] {
  return traces.map(({ traceId, startUnixNano, durationNs, errorCount, spanCount }) => ({
    traceId,
    atMs: nanosToMs(startUnixNano),
    // Clocks go back, and some work takes no time: a logarithm knows neither.
    durationMs: Math.max(0.001, durationNs / 1e6),
    isError: errorCount > 0,
    spans: spanCount,
  }));
}

/** What the axes reach: all points, with some air. */
export function plotOf(points: readonly Point[]): Plot {
  let [fromMs, toMs, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { atMs, durationMs } of points) {
    fromMs = Math.min(fromMs, atMs);
    toMs = Math.max(toMs, atMs);
    low = Math.min(low, Math.log10(durationMs));
    high = Math.max(high, Math.log10(durationMs));
  }
  if (points.length === 0) return { fromMs: 0, toMs: 1, low: 0, high: 1 };
  const air = Math.max(1, (toMs - fromMs) * 0.03);
  const room = Math.max(0.15, (high - low) * 0.08);
  return { fromMs: fromMs - air, toMs: toMs + air, low: low - room, high: high + room };
}

/** Shares of width and height, from the left and from above. */
export function placeOf(
  { atMs, durationMs }: Point,
  { fromMs, toMs, low, high }: Plot,
): [x: number, y: number] {
  return [(atMs - fromMs) / (toMs - fromMs), 1 - (Math.log10(durationMs) - low) / (high - low)];
}

/** What lies between two places: the other way round. */
export function regionOf(
  plot: Plot,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): { fromMs: number; toMs: number; minMs: number; maxMs: number } {
  const timeAt = (x: number) => plot.fromMs + x * (plot.toMs - plot.fromMs);
  const durationAt = (y: number) => 10 ** (plot.low + (1 - y) * (plot.high - plot.low));
  return {
    fromMs: timeAt(Math.min(x0, x1)),
    toMs: timeAt(Math.max(x0, x1)),
    minMs: durationAt(Math.max(y0, y1)),
    maxMs: durationAt(Math.min(y0, y1)),
  };
}

export interface Cell {
  column: number;
  row: number;
  count: number;
  errors: number;
}

/** How many points lie where, of which how many are errors. */
export function cellsOf(points: readonly Point[], plot: Plot, columns: number, rows: number): Cell[] {
  const cells = new Map<number, Cell>();
  for (const point of points) {
    const [x, y] = placeOf(point, plot);
    const column = Math.min(columns - 1, Math.floor(x * columns));
    const row = Math.min(rows - 1, Math.floor(y * rows));
    const key = row * columns + column;
    const cell = cells.get(key) ?? { column, row, count: 0, errors: 0 };
    cell.count++;
    if (point.isError) cell.errors++;
    cells.set(key, cell);
  }
  return [...cells.values()];
}

/** Within each power of ten; more of them where the plot spans few. */
const steps = [
  { below: 0.7, of: [1, 1.5, 2, 3, 4, 5, 6, 8] },
  { below: 2, of: [1, 2, 5] },
  { below: Infinity, of: [1] },
];

/** Round durations within the plot, milliseconds. */
export function durationTicks({ low, high }: Plot): number[] {
  const ticks: number[] = [];
  const { of = [1] } = steps.find(({ below }) => high - low < below) ?? {};
  for (let power = Math.floor(low); power <= Math.ceil(high); power++)
    for (const step of of) ticks.push(step * 10 ** power);
  return ticks.filter((ms) => Math.log10(ms) >= low && Math.log10(ms) <= high);
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const timeSteps = (
  [
    [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
    [second, [1, 2, 5, 10, 15, 30]],
    [minute, [1, 2, 5, 10, 15, 30]],
    [hour, [1, 2, 3, 6, 12]],
    [day, [1, 2, 7, 14, 28]],
  ] as const
).flatMap(([unit, counts]) => counts.map((count) => count * unit));

/** Round moments within the plot, at most so many, and what lies between them, milliseconds. */
export function timeTicks({ fromMs, toMs }: Plot, most: number): { at: number[]; stepMs: number } {
  const stepMs = timeSteps.find((step) => (toMs - fromMs) / step <= most) ?? toMs - fromMs;
  const at: number[] = [];
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms <= toMs; ms += stepMs) at.push(ms);
  return { at, stepMs };
}
