import { bucketCount, bucketStart } from "./rollup.ts";

/** Spans by bucket of their duration (`rollup.ts`), used again for one sum after the other. */
export interface Histogram {
  add(buckets: Int32Array, counts: Int32Array): void;
  clear(): void;
  /** Buckets from `from` (inclusive) to `to` (exclusive) may hold spans. */
  readonly range: { from: number; to: number };
  readonly spans: Float64Array;
}

export function newHistogram(): Histogram {
  const spans = new Float64Array(bucketCount);
  const range = { from: bucketCount, to: 0 };
  return {
    spans,
    range,
    add: (buckets, counts) => {
      for (let at = 0; at < buckets.length; at++) {
        const bucket = buckets[at] ?? 0;
        spans[bucket] = (spans[bucket] ?? 0) + (counts[at] ?? 0);
      }
      range.from = Math.min(range.from, buckets[0] ?? range.from);
      range.to = Math.max(range.to, (buckets.at(-1) ?? -1) + 1);
    },
    clear: () => {
      spans.fill(0, range.from, range.to);
      range.from = bucketCount;
      range.to = 0;
    },
  };
}

/** Duration (ns) that `quantile` (0..1) of `total` spans do not exceed, within the buckets' width; 0 without spans. */
export function quantileOf(histogram: Histogram, quantile: number, total: number): number {
  return quantilesOf(histogram, [quantile], total)[0] ?? 0;
}

/** The same for several, ascending, in one pass. */
export function quantilesOf(
  { spans, range }: Histogram,
  quantiles: readonly number[],
  total: number,
): number[] {
  const found: number[] = [];
  let passed = 0;
  for (let bucket = range.from; bucket < range.to && found.length < quantiles.length; bucket++) {
    passed += spans[bucket] ?? 0;
    for (
      let quantile = quantiles[found.length];
      quantile !== undefined && passed >= Math.max(1, Math.ceil(total * quantile));
      quantile = quantiles[found.length]
    )
      found.push((bucketStart(bucket) + bucketStart(bucket + 1)) / 2);
  }
  return found;
}
