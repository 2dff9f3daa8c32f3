import type { BlockEntry } from "./manifest.ts";

/** A block of more rows is never merged; what is merged has no more. */
const mergedRowsAtMost = 131_072;
/** Blocks of one size class are merged when there are so many of them. */
const fanIn = 8;

/**
 * The oldest group of small blocks that is worth merging; empty where there is none. Size classes differ by a factor of eight, and eight
 * blocks of a class make one of the next: a span is written again at most log8(131,072) = 6 times.
 */
export function mergeable(blocks: readonly BlockEntry[]): BlockEntry[] {
  const classes = Map.groupBy(
    blocks
      .filter(({ rows }) => rows <= mergedRowsAtMost / 2)
      .sort((a, b) => a.receivedLastMs - b.receivedLastMs),
    ({ rows, isKept }) => `${isKept} ${Math.floor(Math.log(rows) / Math.log(fanIn))}`,
  );
  for (const candidates of classes.values()) {
    if (candidates.length < fanIn) continue;
    const group: BlockEntry[] = [];
    let rows = 0;
    for (const block of candidates) {
      if (rows + block.rows > mergedRowsAtMost) break;
      rows += block.rows;
      group.push(block);
    }
    if (group.length > 1) return group;
  }
  return [];
}
