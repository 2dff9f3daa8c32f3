import type { ValueCleaner } from "../ingest-redaction.ts";
import { openDirectory } from "./data-directory.ts";
import { type Files, systemFiles } from "./files.ts";
import { type HeadStoreConfig, HeadStore } from "./head-store.ts";
import type { SealableHead, SharedHead } from "./live-head.ts";
import { isDamage, Keeper, type KeeperConfig } from "./keeper.ts";
import type { DirectoryLock } from "./lock.ts";
import type { StoreLog } from "./log.ts";
import { SegmentSet } from "./search/segment-set.ts";
import { StoreReader } from "./search/store-reader.ts";

export type TraceStoreConfig = Omit<HeadStoreConfig, "maxAgeMs"> & KeeperConfig;

/** So old a head may get; with a short retention, heads must be shorter still. */
const headAgeAtMostMs = 3_600_000;

export function headAge(retentionMs: number): number {
  return Math.min(headAgeAtMostMs, Math.max(1_000, retentionMs / 4));
}

/**
 * The whole store in one thread: for commands that work on a directory without a running backend, and for tests. A running backend
 * (`../threads.ts`) puts the same parts into threads of their own.
 */
export class TraceStore {
  readonly reader: StoreReader;
  readonly keeper: Keeper;
  readonly heads: HeadStore;
  private readonly set: SegmentSet;
  private readonly lock: DirectoryLock;
  private readonly shared = new Map<number, SharedHead>();
  private readonly unsealed: SealableHead[] = [];
  private readonly log: StoreLog;

  /** Errors as openDirectory. */
  constructor(
    config: TraceStoreConfig,
    deps: { cleaner: ValueCleaner; files?: Files; nowMs?: () => number; log: StoreLog },
  ) {
    const { cleaner, files = systemFiles, nowMs = Date.now, log } = deps;
    const { lock, manifest, logs } = openDirectory(config.directory, files, nowMs, log);
    this.lock = lock;
    this.log = log;
    try {
      this.keeper = new Keeper(config, manifest, { files, nowMs, log, changed: () => this.update() });
      this.set = new SegmentSet(config.directory, (failure) => {
        if (isDamage(failure)) this.keeper.setAside(failure.block, failure.message);
        else log.error({ err: failure }, "a block cannot be read");
      });
      this.reader = new StoreReader(this.set);
      this.heads = new HeadStore({
        config: { ...config, maxAgeMs: headAge(config.retentionMs) },
        files,
        cleaner,
        nowMs,
        log,
        nextId: Math.max(manifest.nextId, ...logs.map((id) => id + 1)),
        events: {
          opened: (head) => {
            this.shared.set(head.id, head);
            this.update();
          },
          dropped: (id) => {
            this.shared.delete(id);
            this.update();
          },
          sealable: (head) => {
            this.unsealed.push(head);
            this.sealAll();
          },
        },
      });
      this.update();
      this.heads.replay(logs);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Heads that could not be made to blocks, retention, merging; what a running backend does by and by. */
  maintain(): void {
    this.sealAll();
    this.keeper.retain();
    while (this.keeper.merge());
  }

  async close(): Promise<void> {
    try {
      await this.heads.close();
    } finally {
      this.set.close();
      this.keeper.close();
      this.lock.release();
    }
  }

  /** What cannot be written stays in memory and log. */
  private sealAll(): void {
    for (let head = this.unsealed[0]; head !== undefined; head = this.unsealed[0]) {
      try {
        this.keeper.seal(head);
      } catch (err) {
        this.log.error(
          { err, rows: head.counts.rows },
          "spans could not be written to a block; it is tried again",
        );
        return;
      }
      this.unsealed.shift();
      this.shared.delete(head.id);
      this.update();
      this.heads.release(head.id);
    }
  }

  /** Readers see what is there now. */
  private update(): void {
    this.set.update({ blocks: this.keeper.view().blocks, heads: [...this.shared.values()] });
  }
}
