import { setTimeout as sleep } from "node:timers/promises";
import { BlockFile, BlockGoneError, OpenFiles } from "../block/block-file.ts";
import { Block, type BlockCaches, BlockFailure } from "../block/block.ts";
import { BlockSegment } from "../block/block-segment.ts";
import { Lru } from "../block/lru.ts";
import { type HeadFound, HeadSegment, nothingFound } from "../head/head-segment.ts";
import { type HeadBuffers, HeadColumns } from "../head/layout.ts";
import { blockPath } from "../manifest.ts";
import type { Segment } from "./segment.ts";
import type { SegmentSource } from "./store-reader.ts";

/** What exists at one moment: blocks in the order in which they count, then heads. */
export interface StoreView {
  blocks: readonly { id: number; bytes: number }[];
  heads: readonly { id: number; buffers: HeadBuffers }[];
}

/** What a reader keeps. */
const partBytes = 64 * 1024 * 1024;
const pageBytes = 24 * 1024 * 1024;

/** A new view is so much on its way at most. */
const renewedWithinMs = 2_000;

/** Blocks and heads as one thread reads them. */
export class SegmentSet implements SegmentSource {
  private readonly directory: string;
  private readonly onFailure: (failure: BlockFailure) => void;
  private readonly files = new OpenFiles();
  private readonly caches: BlockCaches = { parts: new Lru(partBytes), pages: new Lru(pageBytes) };
  private readonly blocks = new Map<number, BlockSegment>();
  private readonly failedBlocks = new Set<number>();
  private readonly heads = new Map<number, HeadFound>();
  private readonly headSegments = new Map<number, HeadSegment>();
  private view: StoreView = { blocks: [], heads: [] };

  /** `onFailure` hears of each block that could not be read, once. */
  constructor(directory: string, onFailure: (failure: BlockFailure) => void) {
    this.directory = directory;
    this.onFailure = onFailure;
  }

  update(view: StoreView): void {
    const ids = new Set(view.blocks.map(({ id }) => id));
    for (const id of this.blocks.keys()) if (!ids.has(id)) this.forget(id);
    const heads = new Set(view.heads.map(({ id }) => id));
    for (const id of this.heads.keys()) {
      if (heads.has(id)) continue;
      this.heads.delete(id);
      this.headSegments.delete(id);
    }
    this.view = view;
  }

  segments(): Segment[] {
    const segments: Segment[] = [];
    for (const { id, bytes } of this.view.blocks) {
      if (!this.failedBlocks.has(id)) segments.push(this.block(id, bytes));
    }
    for (const { id, buffers } of this.view.heads) segments.push(this.head(id, buffers));
    return segments;
  }

  async failed(failure: BlockFailure): Promise<void> {
    if (failure.cause instanceof BlockGoneError && (await this.isReplaced(failure.block))) return;
    if (this.failedBlocks.has(failure.block)) return;
    this.failedBlocks.add(failure.block);
    this.forget(failure.block);
    this.onFailure(failure);
  }

  close(): void {
    this.files.closeAll();
  }

  /** A block's file goes when others stand for it; the view that says so may be on its way. */
  private async isReplaced(id: number): Promise<boolean> {
    const until = performance.now() + renewedWithinMs;
    while (this.view.blocks.some((block) => block.id === id)) {
      if (performance.now() > until) return false;
      await sleep(5);
    }
    return true;
  }

  private block(id: number, bytes: number): BlockSegment {
    const known = this.blocks.get(id);
    if (known !== undefined) return known;
    try {
      const made = new BlockSegment(
        new Block(id, new BlockFile(blockPath(this.directory, id), bytes, this.files), this.caches),
      );
      this.blocks.set(id, made);
      return made;
    } catch (cause) {
      throw new BlockFailure(id, cause);
    }
  }

  /** A head's segment is made anew when more was committed. */
  private head(id: number, buffers: HeadBuffers): HeadSegment {
    let found = this.heads.get(id);
    if (found === undefined) {
      found = nothingFound(new HeadColumns(buffers));
      this.heads.set(id, found);
    }
    const { columns } = found.index;
    const counts = columns.committed();
    const known = this.headSegments.get(id);
    if (known?.counts.rows === counts.rows) return known;
    const made = new HeadSegment(columns, counts, found);
    this.headSegments.set(id, made);
    return made;
  }

  private forget(id: number): void {
    this.blocks.delete(id);
    this.files.close(blockPath(this.directory, id));
    const isOfBlock = (name: string): boolean => name.startsWith(`${id} `);
    this.caches.parts.prune(isOfBlock);
    this.caches.pages.prune(isOfBlock);
  }
}
