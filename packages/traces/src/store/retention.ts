import type { BlockEntry } from "./manifest.ts";

/**
 * The blocks to delete, the oldest first: whose last span was received before `beforeMs`, then as many more as bring all blocks together
 * down to `maxBytes`. Blocks of pinned traces are spared, but count.
 */
export function outlived(
  blocks: readonly BlockEntry[],
  beforeMs: number,
  maxBytes = Number.POSITIVE_INFINITY,
): BlockEntry[] {
  const inOrder = blocks
    .filter(({ isKept }) => !isKept)
    .sort((a, b) => a.receivedLastMs - b.receivedLastMs || a.id - b.id);
  let bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  return inOrder.filter((block) => {
    if (block.receivedLastMs >= beforeMs && bytes <= maxBytes) return false;
    bytes -= block.bytes;
    return true;
  });
}
