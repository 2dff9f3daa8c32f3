import { ThroughlineError } from "@throughline/api/errors";
import { chmod, mkdir } from "node:fs/promises";
import type { BatchStore } from "../ingest.ts";
import type { RedactedBatch } from "../ingest-redaction.ts";
import type { SpanReader } from "../query/reader.ts";
import { encodeBatch } from "./batch-encoding.ts";
import { type DirectoryLock, lockDirectory } from "./lock.ts";
import type { StoreLog } from "./log.ts";
import { MemoryIndex } from "./memory-index.ts";
import { type Durability, type SegmentInfo, WriteAheadLog } from "./wal.ts";
import { replayWal } from "./wal-replay.ts";

export interface TraceStoreConfig {
  /** Made with mode 0700 where it is missing. */
  directory: string;
  durability: Durability;
  /** Spans are kept this long after they were received, and until their segment is over. */
  retentionMs: number;
  limits: StoreLimits;
}

export interface StoreLimits {
  /** Spans and encoded bytes held in memory. Over either, the oldest segment is deleted with its spans. */
  spans: number;
  bytes: number;
  segmentBytes: number;
  segmentAgeMs: number;
}

export const defaultStoreLimits: StoreLimits = {
  spans: 1_000_000,
  bytes: 1024 * 1024 * 1024,
  segmentBytes: 16 * 1024 * 1024,
  segmentAgeMs: 60 * 60 * 1000,
};

export interface StoreStats {
  walBytes: number;
  spansInMemory: number;
}

/**
 * Redacted spans, durable in a write-ahead log and searchable in memory. One process at a time may hold a directory.
 * An append is visible, as a whole, when it has resolved.
 */
export class TraceStore implements BatchStore {
  readonly reader: SpanReader;
  private readonly config: TraceStoreConfig;
  private readonly nowMs: () => number;
  private readonly log: StoreLog;
  private readonly lock: DirectoryLock;
  private readonly index: MemoryIndex;
  private readonly wal: WriteAheadLog;
  private readonly underWay = new Set<Promise<void>>();
  private expiring: Promise<void> | undefined;

  private constructor(parts: {
    config: TraceStoreConfig;
    nowMs: () => number;
    log: StoreLog;
    lock: DirectoryLock;
    index: MemoryIndex;
    wal: WriteAheadLog;
  }) {
    ({
      config: this.config,
      nowMs: this.nowMs,
      log: this.log,
      lock: this.lock,
      index: this.index,
      wal: this.wal,
    } = parts);
    this.reader = parts.index;
  }

  /**
   * Locks the directory and reads the log back. Throws ThroughlineError TL_DATA_DIRECTORY_IN_USE,
   * TL_DATA_DIRECTORY_UNUSABLE or TL_DATA_VERSION_UNKNOWN; the directory is then not locked.
   */
  static async open(config: TraceStoreConfig, nowMs: () => number, log: StoreLog): Promise<TraceStore> {
    const { directory, durability, retentionMs, limits } = config;
    const lock = await usable(directory, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      return lockDirectory(directory, nowMs);
    });
    try {
      const index = new MemoryIndex();
      const found = await usable(directory, () =>
        replayWal(directory, log, (segmentId, payload) => index.add(segmentId, payload)),
      );
      // A segment lives as long as its newest batch: with a short retention, segments must be shorter still.
      const segmentAgeMs = Math.min(limits.segmentAgeMs, Math.max(1000, retentionMs / 4));
      const { segmentBytes } = limits;
      const wal = new WriteAheadLog({ directory, durability, segmentBytes, segmentAgeMs, nowMs, log }, found);
      const store = new TraceStore({ config, nowMs, log, lock, index, wal });
      await store.expire();
      return store;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Throws ThroughlineError TL_TRACE_BACKEND_FAILED; nothing of the batch is then visible. */
  append(batch: RedactedBatch): Promise<void> {
    const done = this.write(batch).finally(() => this.underWay.delete(done));
    this.underWay.add(done);
    return done;
  }

  /**
   * Deletes what is older than the retention and what is over the memory limits, whole segments, oldest first. What
   * cannot be deleted is reported and tried again the next time.
   */
  expire(): Promise<void> {
    this.expiring ??= this.deleteOld()
      .catch((err: unknown) => this.log.error({ err }, "old spans could not be deleted"))
      .finally(() => (this.expiring = undefined));
    return this.expiring;
  }

  private async deleteOld(): Promise<void> {
    const { retentionMs, limits } = this.config;
    const expiredBefore = this.nowMs() - retentionMs;
    for (const segment of this.wal.segments()) {
      if (segment.newestMs < expiredBefore) await this.remove(segment);
    }
    // The segment being written stays, whatever its size.
    for (const segment of this.wal.segments().slice(0, -1)) {
      const { spans, bytes } = this.index.size();
      if (spans <= limits.spans && bytes <= limits.bytes) break;
      await this.remove(segment);
      this.log.warn(
        { spans, bytes, segment: segment.id, newest: new Date(segment.newestMs).toISOString() },
        "the store is full: its oldest spans were deleted before their retention was over",
      );
    }
  }

  stats(): StoreStats {
    const walBytes = this.wal.segments().reduce((sum, segment) => sum + segment.bytes, 0);
    return { walBytes, spansInMemory: this.index.size().spans };
  }

  /** Why spans cannot be stored at present; undefined while they can. */
  failure(): string | undefined {
    return this.wal.failure;
  }

  /** Refuses new appends, finishes those under way, gives the directory back. */
  async close(): Promise<void> {
    try {
      await this.wal.close();
      await Promise.allSettled([...this.underWay, this.expiring]);
    } finally {
      this.lock.release();
    }
  }

  private async write({ spans }: RedactedBatch): Promise<void> {
    const bytes = encodeBatch(spans);
    const segmentId = await this.wal.append(bytes);
    this.index.add(segmentId, bytes, spans);
    const { limits } = this.config;
    const size = this.index.size();
    if (size.spans > limits.spans || size.bytes > limits.bytes) void this.expire();
  }

  private async remove({ id }: SegmentInfo): Promise<void> {
    await this.wal.remove(id);
    this.index.drop(id);
  }
}

/** Runs what needs the directory; what the system refuses becomes TL_DATA_DIRECTORY_UNUSABLE. */
async function usable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ThroughlineError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${directory}: ${what}.`, { cause });
  }
}
