import { basename } from "node:path";
import { Block, BlockFailure } from "./block/block.ts";
import { BlockFile, BlockGoneError, OpenFiles } from "./block/block-file.ts";
import { DamagedBlockError } from "./block/bytes.ts";
import { Lru } from "./block/lru.ts";
import { makeBlock } from "./block/write-block.ts";
import type { Files } from "./files.ts";
import type { SealableHead } from "./live-head.ts";
import { HeadColumns } from "./head/layout.ts";
import type { StoreLog } from "./log.ts";
import { type BlockEntry, blockPath, type Manifest, writeManifest } from "./manifest.ts";
import { type CheckReport, checkBlocks } from "./check-blocks.ts";
import { mergeable } from "./merge-policy.ts";
import { outlived } from "./retention.ts";
import { rewrite } from "./rewrite.ts";
import { traceKey } from "./search/segment.ts";
import { sparedBy, tracesWith } from "./traces-with.ts";
import { type Usage, usageOf } from "./usage.ts";
import { walPath } from "./wal.ts";
import type { EraseReport } from "@throughline/api";

export interface KeeperConfig {
  directory: string;
  /** Spans are deleted when they were received longer ago, in whole blocks. */
  retentionMs: number;
  /** Bytes of all blocks together; the oldest go first. undefined: no limit but the disk. */
  maxBytes?: number | undefined;
}

/** What other threads need to know of the blocks. */
export interface BlockView {
  blocks: readonly { id: number; bytes: number; rows: number }[];
  removed: Manifest["removed"];
}

const cacheBytes = 32 * 1024 * 1024;

/**
 * Owner of blocks and manifest: makes heads to blocks, merges small ones, deletes old ones, keeps pinned traces, erases. Everything happens
 * in the one order: the new files are durable, then the manifest names them, then the old ones are deleted.
 */
export class Keeper {
  private readonly config: KeeperConfig;
  private readonly files: Files;
  private readonly nowMs: () => number;
  private readonly log: StoreLog;
  private readonly changed: () => void;
  private readonly openFiles = new OpenFiles();
  private readonly cache = new Lru<string, unknown>(cacheBytes);
  private manifest: Manifest;
  /** Never goes back: a number may be on the disk though its manifest could not be finished. */
  private nextId: number;

  /** `changed`: which blocks there are has changed; those that are not needed any more are deleted after it. */
  constructor(
    config: KeeperConfig,
    manifest: Manifest,
    parts: { files: Files; nowMs: () => number; log: StoreLog; changed: () => void },
  ) {
    this.config = config;
    this.manifest = manifest;
    this.nextId = manifest.nextId;
    ({ files: this.files, nowMs: this.nowMs, log: this.log, changed: this.changed } = parts);
  }

  view(): BlockView {
    const { blocks, removed } = this.manifest;
    // The oldest first: of copies of a span the last counts.
    const ordered = [...blocks].sort((a, b) => a.receivedLastMs - b.receivedLastMs || a.id - b.id);
    return { blocks: ordered.map(({ id, bytes, rows }) => ({ id, bytes, rows })), removed };
  }

  entries(): readonly BlockEntry[] {
    return this.manifest.blocks;
  }

  pins(): readonly string[] {
    return this.manifest.pins;
  }

  damaged(): readonly string[] {
    return this.manifest.damaged;
  }

  /** Makes a head to a block and drops its log. Throws what the file system throws: nothing has changed then. */
  seal({ id, buffers, counts, receivedFirstMs, receivedLastMs }: SealableHead): void {
    const made = makeBlock({ columns: new HeadColumns(buffers), counts, receivedFirstMs, receivedLastMs });
    const sealed = [...this.manifest.sealed, id];
    this.replace([], made === undefined ? [] : [{ ...made, isKept: false }], { sealed });
    this.discard(walPath(this.config.directory, id));
  }

  /** Merges small blocks, one group at a time; false when there is nothing to merge. */
  merge(): boolean {
    const group = mergeable(this.manifest.blocks);
    if (group.length === 0) return false;
    this.rewriteBlocks(group, () => true);
    return true;
  }

  /** Deletes what is older than the retention or over the size; true when something was deleted. */
  retain(olderThanMs = this.config.retentionMs): boolean {
    const old = outlived(this.manifest.blocks, this.nowMs() - olderThanMs, this.config.maxBytes);
    const pins = new Set(this.manifest.pins);
    const unpinned = this.manifest.blocks.filter(
      (block) => block.isKept && this.pinnedIn(block, pins) < block.traces,
    );
    if (old.length === 0 && unpinned.length === 0) return false;
    const kept = [...unpinned, ...old].filter((block) => this.pinnedIn(block, pins) > 0);
    const made =
      kept.length === 0
        ? []
        : rewrite(
            kept.map((block) => this.open(block)),
            (traceId) => pins.has(traceId),
          );
    const latest = (a: string, b: string): string => (BigInt(a) > BigInt(b) ? a : b);
    const before = this.manifest.removed;
    const removed = {
      atMs: this.nowMs(),
      lastStart: old.reduce((last, block) => latest(last, block.lastStart), before?.lastStart ?? "0"),
      receivedLastMs: Math.max(before?.receivedLastMs ?? 0, ...old.map((block) => block.receivedLastMs)),
    };
    this.replace(
      [...old, ...unpinned],
      made.map((block) => ({ ...block, isKept: true })),
      old.length > 0 ? { removed } : {},
    );
    this.log.info({ blocks: old.length, spans: sum(old) }, "old spans were deleted");
    return true;
  }

  /** Spares a trace from retention, whether spans of it are there yet or not. */
  pin(traceId: string): void {
    if (!this.manifest.pins.includes(traceId)) this.commit({ pins: [...this.manifest.pins, traceId] });
  }

  unpin(traceId: string): void {
    if (this.manifest.pins.includes(traceId))
      this.commit({ pins: this.manifest.pins.filter((pin) => pin !== traceId) });
  }

  /** Deletes every trace whose spans have all these attributes, for good (see `traces-with.ts`). */
  erase(attributes: readonly (readonly [key: string, text: string])[]): EraseReport {
    const { blocks } = this.manifest;
    const traces = attributes
      .map(([key, text]) => new Set(blocks.flatMap((block) => [...tracesWith(this.open(block), key, text)])))
      .reduce((all, own) => new Set([...all].filter((id) => own.has(id))));
    const keys = [...traces].map(traceKey);
    const affected = blocks.filter((entry) => {
      const block = this.open(entry);
      return keys.some((trace) => block.mayHaveTrace(trace) && block.findTrace(trace) !== -1);
    });
    const report = { traces: traces.size, spans: sum(affected), blocksRewritten: 0, blocksRemoved: 0 };
    for (const entry of affected) {
      const made = rewrite([this.open(entry)], (traceId) => !traces.has(traceId), sparedBy(attributes));
      this.replace(
        [entry],
        made.map((block) => ({ ...block, isKept: entry.isKept })),
        {},
      );
      report.spans -= made.reduce((rows, { directory }) => rows + directory.rows, 0);
      if (made.length === 0) report.blocksRemoved++;
      else report.blocksRewritten++;
    }
    if (keys.length > 0) this.commit({ pins: this.manifest.pins.filter((pin) => !traces.has(pin)) });
    return report;
  }

  /** Reads every part of every block; names and reasons of those that are damaged. */
  check(): CheckReport {
    const { directory } = this.config;
    return checkBlocks(this.manifest.blocks, (entry) => this.open(entry), directory);
  }

  /** Takes a damaged block out, keeping its file under another name, so that the rest answers. */
  setAside(id: number, why: string): void {
    const entry = this.manifest.blocks.find((block) => block.id === id);
    if (entry === undefined) return;
    const path = blockPath(this.config.directory, id);
    const aside = `${path}.damaged`;
    // A file that is not there is only taken out.
    if (this.files.list(this.config.directory).includes(basename(path))) this.files.rename(path, aside);
    this.forget(id);
    this.commit({
      blocks: this.manifest.blocks.filter((block) => block !== entry),
      damaged: [...this.manifest.damaged, aside],
    });
    this.changed();
    this.log.error(
      { file: aside, reason: why, spans: entry.rows },
      "a block is damaged: it was set aside, the rest answers",
    );
  }

  /** How much of what is stored. */
  usage(): Usage {
    return usageOf(this.manifest.blocks, (entry) => this.open(entry).rollup());
  }

  close(): void {
    this.openFiles.closeAll();
  }

  private rewriteBlocks(group: readonly BlockEntry[], keep: (traceId: string) => boolean): void {
    const made = rewrite(
      group.map((entry) => this.open(entry)),
      keep,
    );
    this.replace(
      group,
      made.map((block) => ({ ...block, isKept: group.every(({ isKept }) => isKept) })),
      {},
    );
  }

  /** Writes new blocks, makes the manifest name them instead of the old ones, deletes those. */
  private replace(
    old: readonly BlockEntry[],
    made: readonly { chunks: Buffer[]; directory: Block["directory"]; isKept: boolean }[],
    also: Partial<Manifest>,
  ): void {
    const { directory } = this.config;
    const entries = made.map(({ chunks, directory: parts, isKept }): BlockEntry => ({
      id: this.nextId++,
      bytes: chunks.reduce((bytes, chunk) => bytes + chunk.length, 0),
      rows: parts.rows,
      traces: parts.traces,
      firstStart: String(parts.firstStart),
      lastStart: String(parts.lastStart),
      receivedFirstMs: parts.receivedFirstMs,
      receivedLastMs: parts.receivedLastMs,
      isKept,
    }));
    try {
      entries.forEach(({ id }, at) => this.files.write(blockPath(directory, id), made[at]?.chunks ?? []));
      this.files.syncDirectory(directory);
    } catch (error) {
      // What was begun must not take the room that is missing.
      for (const { id } of entries) this.discard(blockPath(directory, id));
      throw error;
    }
    // From here on a failure leaves the files: the manifest on the disk may name them.
    const { nextId } = this;
    const blocks = [...this.manifest.blocks.filter((entry) => !old.includes(entry)), ...entries];
    this.commit({ ...also, nextId, blocks });
    this.changed();
    for (const { id } of old) {
      this.forget(id);
      this.discard(blockPath(directory, id));
    }
  }

  /** Deletes what nothing names any more; if that fails, the next start does it. */
  private discard(path: string): void {
    try {
      this.files.remove(path);
    } catch (err) {
      this.log.warn({ err, file: path }, "a file that is not needed any more could not be deleted");
    }
  }

  private commit(changes: Partial<Manifest>): void {
    const sealed = changes.sealed ?? this.manifest.sealed;
    const names = new Set(this.files.list(this.config.directory));
    const manifest = {
      ...this.manifest,
      ...changes,
      // A log that is gone need not be remembered.
      sealed: sealed.filter((id) => names.has(`${String(id).padStart(16, "0")}.wal`)),
    };
    writeManifest(this.config.directory, manifest, this.files);
    this.manifest = manifest;
  }

  /** How many of its traces are pinned. */
  private pinnedIn(entry: BlockEntry, pins: ReadonlySet<string>): number {
    if (pins.size === 0) return 0;
    const block = this.open(entry);
    let count = 0;
    for (const pin of pins) {
      const key = traceKey(pin);
      if (block.mayHaveTrace(key) && block.findTrace(key) !== -1) count++;
    }
    return count;
  }

  private open(entry: BlockEntry): Block {
    const name = `${entry.id} block`;
    const known = this.cache.get(name);
    if (known !== undefined) return known as Block;
    try {
      const path = blockPath(this.config.directory, entry.id);
      const block = new Block(entry.id, new BlockFile(path, entry.bytes, this.openFiles), {
        parts: this.cache,
        pages: this.cache,
      });
      this.cache.set(name, block, entry.traces * 2);
      return block;
    } catch (cause) {
      throw new BlockFailure(entry.id, cause);
    }
  }

  private forget(id: number): void {
    this.openFiles.close(blockPath(this.config.directory, id));
    this.cache.prune((name) => name.startsWith(`${id} `));
  }
}

/** Whether a failure is the block's own fault, not the file system's. */
export function isDamage({ cause }: BlockFailure): boolean {
  return cause instanceof DamagedBlockError || cause instanceof BlockGoneError;
}

function sum(blocks: readonly BlockEntry[]): number {
  return blocks.reduce((rows, block) => rows + block.rows, 0);
}
