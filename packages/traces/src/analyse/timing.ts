import type { SpanTree } from "./tree.ts";

/** When the spans of a tree ran, in nanoseconds. Lists are parallel to the tree's. */
export interface Timing {
  /** Earliest start, since the epoch. */
  readonly startUnixNano: bigint;
  /** Latest end minus earliest start. */
  readonly durationNs: number;
  /** After the trace's start. */
  readonly startOffsets: readonly number[];
  readonly durations: readonly number[];
  /** Duration that no child covers; children count only as far as they lie within the span. */
  readonly selfTimes: readonly number[];
}

/** Exact within traces of up to 104 days (2^53 ns). A span that ends before it starts has no duration. */
export function timeTree(tree: SpanTree): Timing {
  const { start, end } = extent(tree.spans);
  const startOffsets = tree.spans.map(({ startUnixNano }) => Number(startUnixNano - start));
  const durations = tree.spans.map(({ startUnixNano, endUnixNano }) =>
    endUnixNano > startUnixNano ? Number(endUnixNano - startUnixNano) : 0,
  );
  const selfTimes = selfTimesOf(tree, startOffsets, durations);
  return { startUnixNano: start, durationNs: Number(end - start), startOffsets, durations, selfTimes };
}

/** Earliest start and latest end, nanoseconds since the epoch; both 0 for no spans. */
export function extent(spans: readonly { startUnixNano: bigint; endUnixNano: bigint }[]): {
  start: bigint;
  end: bigint;
} {
  let start = spans[0]?.startUnixNano ?? 0n;
  let end = start;
  for (const { startUnixNano, endUnixNano } of spans) {
    if (startUnixNano < start) start = startUnixNano;
    if (startUnixNano > end) end = startUnixNano;
    if (endUnixNano > end) end = endUnixNano;
  }
  return { start, end };
}

/**
 * Children come by start in a tree's order, so the union of their intervals is one sweep: what each adds is its part
 * beyond the latest end so far.
 */
function selfTimesOf(tree: SpanTree, starts: readonly number[], durations: readonly number[]): number[] {
  const selfTimes = [...durations];
  const coveredUntil = [...starts];
  tree.parents.forEach((parent, child) => {
    if (parent < 0) return;
    const parentEnd = at(starts, parent) + at(durations, parent);
    const from = Math.max(at(starts, child), at(coveredUntil, parent));
    const until = Math.min(at(starts, child) + at(durations, child), parentEnd);
    if (until <= from) return;
    selfTimes[parent] = Math.max(0, at(selfTimes, parent) - (until - from));
    coveredUntil[parent] = until;
  });
  return selfTimes;
}

/** The lists are as long as the tree: every index is in range. */
function at(list: readonly number[], index: number): number {
  return list[index] ?? 0;
}

/** Index of the span with the largest self time, the first of equals; undefined where no time passed. */
export function bottleneckOf({ durationNs, selfTimes }: Timing): number | undefined {
  if (durationNs === 0) return undefined;
  let largest = 0;
  selfTimes.forEach((selfTime, index) => {
    if (selfTime > at(selfTimes, largest)) largest = index;
  });
  return at(selfTimes, largest) > 0 ? largest : undefined;
}
