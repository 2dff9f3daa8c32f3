import { selfTimesOf } from "@throughline/api/trace-timing";
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
  readonly selfTimes: Float64Array;
}

/** Exact within traces of up to 104 days (2^53 ns). A span that ends before it starts has no duration. */
export function timeTree(tree: SpanTree): Timing {
  const { start, end } = extent(tree.spans);
  const startOffsets = tree.spans.map(({ startUnixNano }) => Number(startUnixNano - start));
  const durations = tree.spans.map(({ startUnixNano, endUnixNano }) =>
    endUnixNano > startUnixNano ? Number(endUnixNano - startUnixNano) : 0,
  );
  const selfTimes = selfTimesOf({ parents: tree.parents, starts: startOffsets, durations });
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
