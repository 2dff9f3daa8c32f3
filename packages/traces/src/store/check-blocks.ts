import type { Block } from "./block/block.ts";
import { type BlockEntry, blockPath } from "./manifest.ts";

export interface CheckReport {
  blocks: number;
  damaged: { file: string; reason: string }[];
}

/** Reads every part of every block; names and reasons of those that are damaged. */
export function checkBlocks(
  blocks: readonly BlockEntry[],
  open: (entry: BlockEntry) => Block,
  directory: string,
): CheckReport {
  const damaged: CheckReport["damaged"] = [];
  for (const entry of blocks) {
    try {
      open(entry).verify();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      damaged.push({ file: blockPath(directory, entry.id), reason });
    }
  }
  return { blocks: blocks.length, damaged };
}
