import type { ThroughlineError } from "@throughline/api/errors";
import type { LogFile } from "./files.ts";
import type { Head } from "./head/head.ts";
import { type Counts, type HeadBuffers, noCounts } from "./head/layout.ts";
import type { StoreLog } from "./log.ts";
import { walHeaderBytes, WalRecord } from "./wal.ts";

export type Durability = "fsync" | "os";

/** A head for other threads to read, and later to seal. */
export interface SharedHead {
  id: number;
  buffers: HeadBuffers;
}

/** A head that gets no more spans. */
export interface SealableHead extends SharedHead {
  counts: Counts;
  receivedFirstMs: number;
  receivedLastMs: number;
}

export interface LiveHeadEvents {
  /** A group is in the log. */
  written(): void;
  /** A group could not be written: what its requests are told. */
  failed(cause: unknown): ThroughlineError;
  /** Nothing is under way any more, after `finish` or a failure. */
  finished(): void;
}

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The head that is being filled, with its log: what is added becomes durable in groups. */
export class LiveHead {
  readonly id: number;
  readonly head: Head;
  logBytes = walHeaderBytes;
  /** What the log holds. Rows beyond it are not acknowledged yet. */
  logged: Counts = noCounts();
  private readonly logFile: LogFile;
  private readonly durability: Durability;
  private readonly nowMs: () => number;
  private readonly log: StoreLog;
  private readonly events: LiveHeadEvents;
  private readonly record = new WalRecord();
  private waiting: Waiting[] = [];
  private isFlushing = false;
  private isFinishing = false;
  private readonly openedMs: number;
  private lastMs: number;
  private receivedFirstMs = 0;
  private receivedLastMs = 0;

  constructor(parts: {
    id: number;
    head: Head;
    logFile: LogFile;
    durability: Durability;
    nowMs: () => number;
    log: StoreLog;
    events: LiveHeadEvents;
  }) {
    ({
      id: this.id,
      head: this.head,
      logFile: this.logFile,
      durability: this.durability,
      nowMs: this.nowMs,
      log: this.log,
      events: this.events,
    } = parts);
    this.openedMs = this.lastMs = this.nowMs();
  }

  /** Resolves when everything in the head so far is in the log. */
  durable(): Promise<void> {
    this.lastMs = this.nowMs();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (this.isFlushing) return;
      this.isFlushing = true;
      setImmediate(() => this.flush());
    });
  }

  /** Whether nothing came for `idleMs`, or it is older than `maxAgeMs`. */
  isDue(idleMs: number, maxAgeMs: number): boolean {
    const now = this.nowMs();
    return now - this.lastMs >= idleMs || now - this.openedMs >= maxAgeMs;
  }

  /** It gets no more; `finished` comes when what is under way is done. */
  finish(): void {
    this.isFinishing = true;
    if (!this.isFlushing) this.events.finished();
  }

  sealable(): SealableHead {
    const { id, head, logged, receivedFirstMs, receivedLastMs } = this;
    return { id, buffers: head.columns.buffers, counts: logged, receivedFirstMs, receivedLastMs };
  }

  close(): void {
    try {
      this.logFile.close();
    } catch (err) {
      this.log.warn({ err }, "a log could not be closed");
    }
  }

  /** Group commit: the requests of one turn of the event loop go together, those that arrive meanwhile form the next group. */
  private flush(): void {
    this.isFlushing = false;
    const group = this.waiting;
    this.waiting = [];
    try {
      this.commit();
      this.events.written();
      for (const { resolve } of group) resolve();
    } catch (cause) {
      this.isFinishing = true;
      this.takeBack();
      const error = this.events.failed(cause);
      for (const { reject } of group) reject(error);
    }
    if (this.isFinishing) this.events.finished();
  }

  private commit(): void {
    const { columns, counts } = this.head;
    const target = { ...counts };
    const receivedMs = this.nowMs();
    const record = this.record.write(columns, this.logged, target, receivedMs);
    this.logFile.write(record, this.logBytes);
    if (this.durability === "fsync") this.logFile.sync();
    this.logBytes += record.length;
    this.logged = target;
    if (this.receivedFirstMs === 0) this.receivedFirstMs = receivedMs;
    this.receivedLastMs = receivedMs;
    columns.publish(target);
  }

  /** After a failed write or sync nobody can say what of the group is on the disk: it is cut off again, its rows are taken back. */
  private takeBack(): void {
    this.head.rollBack(this.logged);
    try {
      this.logFile.truncate(this.logBytes);
    } catch (err) {
      this.log.warn(
        { err, log: this.id },
        "refused spans could not be cut off the log: they may appear after a restart",
      );
    }
  }
}
