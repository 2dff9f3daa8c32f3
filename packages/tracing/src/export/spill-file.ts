import { rmSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { takeLock } from "./lock-file.ts";
import {
  decodeRecord,
  encodeHeader,
  encodeRecord,
  headerBytes,
  places,
  recordHeadBytes,
  type SpillEntry,
  SpillFileError,
} from "./spill-format.ts";
import { recover, type Recovered } from "./spill-recovery.ts";

export { SpillFileError } from "./spill-format.ts";

/**
 * A first-in first-out file of requests that is never longer than `maxBytes` (a limit that was lowered holds once the file was empty).
 * One process at a time; mode 0600; the format is in spill-format.ts. Calls run one after the other; they reject when the disk fails.
 */
export class SpillFile {
  /** Spans that could not be read back so far. */
  damagedSpans: number;
  private readonly path: string;
  private readonly maxBytes: number;
  private readonly whenFull: "drop_newest" | "drop_oldest";
  /** Oldest first. */
  private readonly entries: SpillEntry[];
  private capacity: number;
  /** Where the next record goes. */
  private end: number;
  private waitingSpans = 0;
  /** What `peek` gave out last. */
  private peeked: SpillEntry | undefined;
  private handle: FileHandle | undefined;
  private isClosed = false;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    maxBytes: number,
    whenFull: "drop_newest" | "drop_oldest",
    found: Recovered,
  ) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.whenFull = whenFull;
    this.entries = found.entries;
    this.capacity = found.capacity;
    this.end = found.end;
    this.damagedSpans = found.damagedSpans;
    for (const { spans } of found.entries) this.waitingSpans += spans;
  }

  /** Throws SpillFileError for a file of another kind or version, one that another process holds, or a directory that is not there. */
  static open(path: string, maxBytes: number, whenFull: "drop_newest" | "drop_oldest"): SpillFile {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < headerBytes + recordHeadBytes + 1)
      throw new SpillFileError(`the spill file ${path} cannot hold anything in ${maxBytes} bytes`);
    const refuse = (reason: string, cause?: unknown) =>
      new SpillFileError(`the spill file ${path} ${reason}`, { cause });
    takeLock(lockOf(path), refuse);
    try {
      return new SpillFile(path, maxBytes, whenFull, recover(path, maxBytes - headerBytes));
    } catch (error) {
      rmSync(lockOf(path), { force: true });
      if (error instanceof SpillFileError) throw refuse(error.message, error);
      throw refuse(`cannot be opened: ${String(error)}`, error);
    }
  }

  /** Spans that wait. */
  get spans(): number {
    return this.waitingSpans;
  }

  /** What the waiting requests take in the file, which is never less than its header. */
  get bytes(): number {
    return headerBytes + this.end - this.start;
  }

  /** Returns how many spans had to go for want of room: these or the oldest ones. */
  append(body: Uint8Array, spans: number): Promise<{ droppedSpans: number }> {
    return this.next(async () => {
      const size = recordHeadBytes + body.length;
      const room = Math.min(this.capacity, this.maxBytes - headerBytes);
      if (size > room) return { droppedSpans: spans };
      let droppedSpans = 0;
      while (this.end - this.start + size > room) {
        if (this.whenFull === "drop_newest") return { droppedSpans: spans };
        droppedSpans += this.forgetOldest();
      }
      // They must be gone before their bytes are written over.
      if (droppedSpans > 0) await this.writeHeader(this.end, this.waitingSpans);
      const entry = { position: this.end, length: body.length, spans };
      const file = await this.file();
      for (const { part, offset } of places(encodeRecord(body, spans), entry.position, this.capacity))
        await writeAll(file, part, offset);
      await this.writeHeader(this.end + size, this.waitingSpans + spans);
      this.entries.push(entry);
      this.end += size;
      this.waitingSpans += spans;
      return { droppedSpans };
    });
  }

  /** The oldest request that waits and can be read. */
  peek(): Promise<{ body: Uint8Array; spans: number } | undefined> {
    return this.next(async () => {
      for (let entry = this.entries[0]; entry !== undefined; entry = this.entries[0]) {
        const body = await this.read(entry);
        if (body !== undefined) {
          this.peeked = entry;
          return { body, spans: entry.spans };
        }
        this.damagedSpans += entry.spans;
        await this.dropOldest();
      }
      return undefined;
    });
  }

  /** Forgets what `peek` gave out: it was sent. False where it had to go meanwhile for want of room and was counted then. */
  shift(): Promise<boolean> {
    return this.next(async () => {
      const isThere = this.peeked !== undefined && this.peeked === this.entries[0];
      this.peeked = undefined;
      if (isThere) await this.dropOldest();
      return isThere;
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.next(async () => {
      this.isClosed = true;
      await this.handle?.close();
    });
    await rm(lockOf(this.path), { force: true });
  }

  private get start(): number {
    return this.entries[0]?.position ?? this.end;
  }

  private async read(entry: SpillEntry): Promise<Buffer | undefined> {
    const record = Buffer.allocUnsafe(recordHeadBytes + entry.length);
    const file = await this.file();
    for (const { part, offset } of places(record, entry.position, this.capacity)) {
      const { bytesRead } = await file.read(part, 0, part.length, offset);
      if (bytesRead < part.length) return undefined;
    }
    return decodeRecord(record);
  }

  private forgetOldest(): number {
    const spans = this.entries.shift()?.spans ?? 0;
    this.waitingSpans -= spans;
    return spans;
  }

  private async dropOldest(): Promise<void> {
    this.forgetOldest();
    if (this.entries.length > 0) {
      await this.writeHeader(this.end, this.waitingSpans);
      return;
    }
    this.end = 0;
    this.capacity = this.maxBytes - headerBytes;
    await this.writeHeader(0, 0);
    await (await this.file()).truncate(headerBytes);
  }

  private async writeHeader(end: number, spans: number): Promise<void> {
    const { capacity, start } = this;
    await writeAll(await this.file(), encodeHeader({ capacity, start, end, spans }), 0);
  }

  private async file(): Promise<FileHandle> {
    if (this.isClosed) throw new SpillFileError(`the spill file ${this.path} is closed`);
    return (this.handle ??= await open(this.path, "r+"));
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => {});
    return done;
  }
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

async function writeAll(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
