import { ThroughlineError } from "@throughline/api/errors";
import { decodeIntoHead } from "../decode/otlp-columns.ts";
import { alreadyClean, type ValueCleaner } from "../ingest-redaction.ts";
import { anySender, type AppendOutcome, type Origin } from "../sink.ts";
import type { Files, LogFile } from "./files.ts";
import { HeadFullError, newTables } from "./head/dictionary.ts";
import { Head } from "./head/head.ts";
import { HeadSlots } from "./head-slots.ts";
import { defaultHeadSize, type HeadSize } from "./head/layout.ts";
import { type Durability, LiveHead, type SealableHead, type SharedHead } from "./live-head.ts";
import type { StoreLog } from "./log.ts";
import { replayLog, walHeader, walPath } from "./wal.ts";

export interface HeadStoreConfig {
  directory: string;
  durability: Durability;
  /** A head is sealed when it is full, this old, or nothing came for `idleMs`. */
  maxAgeMs: number;
  idleMs: number;
  headSize?: HeadSize;
  /** So long a request waits for a head to become free. */
  roomWithinMs?: number;
}

export interface HeadEvents {
  /** Comes before anything in it can be acknowledged. */
  opened(head: SharedHead): void;
  /** Answer with `release` when its spans are in a block. */
  sealable(head: SealableHead): void;
  /** It never got a span. */
  dropped(id: number): void;
}

const largestBytes = 1 << 30;

const roomWithinMs = 5_000;

/** The write path's end: requests into heads, groups of them into the log, acknowledged when that is as durable as was asked for. */
export class HeadStore {
  /** Why the last write failed; undefined while writing works. */
  failure: string | undefined;
  private readonly config: HeadStoreConfig;
  private readonly files: Files;
  private readonly cleaner: ValueCleaner;
  private readonly events: HeadEvents;
  private readonly nowMs: () => number;
  private readonly log: StoreLog;
  private readonly slots: HeadSlots;
  private readonly tables = newTables();
  private current: LiveHead | undefined;
  private opening: Promise<LiveHead> | undefined;
  private nextId: number;
  private isClosed = false;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(parts: {
    config: HeadStoreConfig;
    files: Files;
    cleaner: ValueCleaner;
    events: HeadEvents;
    nowMs: () => number;
    log: StoreLog;
    /** The first number for a log: `takeId` of the keeper gives numbers to blocks from the same range. */
    nextId: number;
  }) {
    ({
      config: this.config,
      files: this.files,
      cleaner: this.cleaner,
      events: this.events,
      nowMs: this.nowMs,
      log: this.log,
      nextId: this.nextId,
    } = parts);
    this.slots = new HeadSlots(
      this.config.headSize ?? defaultHeadSize,
      this.config.roomWithinMs ?? roomWithinMs,
    );
  }

  /** Reads logs back into heads, which are then to be sealed. */
  replay(ids: readonly number[]): void {
    const { directory } = this.config;
    for (const id of ids) {
      const found = replayLog(walPath(directory, id), this.log);
      if (found === undefined) {
        this.files.remove(walPath(directory, id));
        continue;
      }
      const { size, columns, counts, receivedFirstMs, receivedLastMs, end } = found;
      // Fills what is not in the log.
      const head = new Head(size, alreadyClean, 0, { buffers: columns.buffers, counts });
      this.slots.take(id, {
        size,
        buffers: columns.buffers,
        rows: () => head.counts.rows,
        logBytes: () => end,
      });
      this.events.opened({ id, buffers: columns.buffers });
      this.events.sealable({
        id,
        buffers: columns.buffers,
        counts: head.counts,
        receivedFirstMs,
        receivedLastMs,
      });
    }
  }

  /**
   * Resolves when the spans are as durable as was asked for and searchable. Throws MalformedProtobufError, ThroughlineError TL_OVERLOADED,
   * TL_BODY_TOO_LARGE, TL_TRACE_BACKEND_FAILED; no span of the request is then stored.
   */
  append(bytes: Uint8Array, from: Origin = anySender): Promise<AppendOutcome> {
    if (this.isClosed) return Promise.reject(failed("the trace store is stopping"));
    const done = this.write(bytes, from).finally(() => this.underWay.delete(done));
    this.underWay.add(done);
    return done;
  }

  stats(): { heads: number; rows: number; logBytes: number } {
    return this.slots.stats();
  }

  /** The head's spans are in a block and nobody reads it any more. */
  release(id: number): void {
    this.slots.release(id);
  }

  /** Gives the present head away if nothing came for a while, or it is old. `now`: whatever it is. Numbers of all that are under way. */
  seal(when: "due" | "now"): number[] {
    const { current } = this;
    if (current !== undefined && current.head.counts.rows > 0) {
      const isDue = current.isDue(this.config.idleMs, this.config.maxAgeMs);
      if (when === "now" || isDue) this.giveAway(current);
    }
    return this.slots.ids().filter((id) => id !== this.current?.id);
  }

  /** Refuses new requests, finishes those under way. The log stays for the next start. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.slots.close();
    await Promise.allSettled(this.underWay);
    this.current?.close();
    this.current = undefined;
  }

  private async write(bytes: Uint8Array, from: Origin): Promise<AppendOutcome> {
    let size: HeadSize | undefined;
    for (;;) {
      const live = await this.headFor(size);
      // Another request may have found it full meanwhile; it is then somebody else's.
      if (this.current !== live) continue;
      let outcome: AppendOutcome;
      try {
        outcome = decodeIntoHead(bytes, live.head, from);
      } catch (error) {
        if (!(error instanceof HeadFullError)) throw error;
        size = this.nextSize(live, size, bytes.length);
        continue;
      }
      if (outcome.accepted > 0) await live.durable();
      return outcome;
    }
  }

  /** What did not fit goes into a head of its own, if need be a bigger one. */
  private nextSize(live: LiveHead, tried: HeadSize | undefined, bytes: number): HeadSize | undefined {
    if (live.head.counts.rows > 0) {
      this.giveAway(live);
      return tried;
    }
    const from = tried ?? live.head.size;
    if (from.bytes * 4 > largestBytes) {
      throw new ThroughlineError(
        "TL_BODY_TOO_LARGE",
        `A request of ${bytes} bytes holds more than can be stored at once.`,
      );
    }
    this.discard(live);
    return { rows: from.rows * 4, items: from.items * 4, bytes: from.bytes * 4 };
  }

  /** The group was refused, and the head takes no more. */
  private failedToWrite(live: LiveHead, cause: unknown): ThroughlineError {
    if (this.current === live) this.current = undefined;
    return this.cannotWrite(cause);
  }

  private cannotWrite(cause: unknown): ThroughlineError {
    const error = failed(`the write-ahead log cannot be written: ${reason(cause)}`, cause);
    if (this.failure === undefined) this.log.error({ err: cause }, error.message);
    this.failure = error.message;
    return error;
  }

  private giveAway(live: LiveHead): void {
    if (this.current === live) this.current = undefined;
    live.finish();
  }

  private handOver(live: LiveHead): void {
    live.close();
    if (live.logged.rows === 0) this.discarded(live);
    else this.events.sealable(live.sealable());
  }

  /** A log that holds nothing: what is left over goes at the next start. */
  private removeLog(id: number): void {
    try {
      this.files.remove(walPath(this.config.directory, id));
    } catch (err) {
      this.log.warn({ err, log: id }, "an empty log could not be deleted");
    }
  }

  private discard(live: LiveHead): void {
    if (this.current === live) this.current = undefined;
    live.close();
    this.discarded(live);
  }

  private discarded(live: LiveHead): void {
    this.removeLog(live.id);
    this.events.dropped(live.id);
    this.release(live.id);
  }

  private async headFor(size: HeadSize | undefined): Promise<LiveHead> {
    const { current } = this;
    if (current !== undefined && (size === undefined || current.head.size.bytes >= size.bytes))
      return current;
    if (current !== undefined) this.giveAway(current);
    this.opening ??= this.open(size ?? this.slots.size).finally(() => (this.opening = undefined));
    return this.opening;
  }

  private async open(size: HeadSize): Promise<LiveHead> {
    await this.slots.room();
    const { directory, durability } = this.config;
    // A number is used once, though its file may not come into being.
    const id = this.nextId++;
    const path = walPath(directory, id);
    let log: LogFile | undefined;
    try {
      log = this.files.createLog(path);
      log.write(walHeader(size), 0);
      if (durability === "fsync") {
        log.sync();
        this.files.syncDirectory(directory);
      }
    } catch (cause) {
      log?.close();
      this.removeLog(id);
      throw this.cannotWrite(cause);
    }
    const reused = this.slots.reuse(size);
    const seed = Math.floor(Math.random() * 0x7fff_ffff);
    const head = new Head(size, this.cleaner, seed, {
      tables: this.tables,
      ...(reused === undefined ? {} : { buffers: reused }),
    });
    const live = new LiveHead({
      id,
      head,
      logFile: log,
      durability,
      nowMs: this.nowMs,
      log: this.log,
      events: {
        written: () => (this.failure = undefined),
        failed: (cause) => this.failedToWrite(live, cause),
        finished: () => this.handOver(live),
      },
    });
    this.slots.take(id, {
      size,
      buffers: head.columns.buffers,
      rows: () => head.counts.rows,
      logBytes: () => live.logBytes,
    });
    this.current = live;
    this.events.opened({ id, buffers: head.columns.buffers });
    return live;
  }
}

function failed(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError("TL_TRACE_BACKEND_FAILED", message, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}
