import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { lockFile } from "./lock-file.ts";

/*
 * The spill file: encoded requests that wait for their receiver, oldest first. Numbers are little-endian.
 *
 *   header   8 bytes  magic "TLSPILL1"; the last digit is the version
 *            8 bytes  u64: where the oldest record that still waits begins
 *   record   4 bytes  u32: length of the body
 *            4 bytes  u32: spans in the body
 *            4 bytes  u32: CRC-32 of the body, begun with the span count
 *            the body
 *
 * A record is valid when it ends within the file and its sum is right. A torn last record (the process died while it wrote) is cut off
 * at opening; a damaged one is passed over and its spans are counted as lost.
 */
const magic = Buffer.from("TLSPILL1");
const headerBytes = 16;
const recordHeaderBytes = 12;

interface Entry {
  offset: number;
  length: number;
  spans: number;
}

/** A file that cannot be used for spilling; the message says why. */
export class SpillFileError extends Error {
  override readonly name = "SpillFileError";
}

/** A bounded first-in first-out file of requests. One process at a time; mode 0600. Calls run one after the other. */
export class SpillFile {
  /** Spans that could not be read back. */
  damagedSpans = 0;
  private readonly path: string;
  private readonly maxBytes: number;
  private readonly whenFull: "drop_newest" | "drop_oldest";
  private readonly unlock: () => void;
  private readonly entries: Entry[];
  /** Where the next record goes. */
  private end: number;
  private handle: Promise<FileHandle>;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    maxBytes: number,
    whenFull: "drop_newest" | "drop_oldest",
    found: { entries: Entry[]; end: number },
    unlock: () => void,
  ) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.whenFull = whenFull;
    this.entries = found.entries;
    this.end = found.end;
    this.unlock = unlock;
    this.handle = open(path, "r+");
  }

  /** Throws SpillFileError for a file of another kind or version, one that another process holds, or a directory that is not there. */
  static open(path: string, maxBytes: number, whenFull: "drop_newest" | "drop_oldest"): SpillFile {
    const unlock = lockFile(
      `${path}.lock`,
      (reason) => new SpillFileError(`the spill file ${path} ${reason}`),
    );
    try {
      return new SpillFile(path, maxBytes, whenFull, recover(path), unlock);
    } catch (error) {
      unlock();
      if (error instanceof SpillFileError) throw error;
      throw new SpillFileError(`the spill file ${path} cannot be opened: ${String(error)}`, { cause: error });
    }
  }

  /** Spans that wait. */
  get spans(): number {
    return this.entries.reduce((sum, { spans }) => sum + spans, 0);
  }

  /** Returns how many spans had to go for want of room: these or the oldest ones. */
  append(body: Uint8Array, spans: number): Promise<{ droppedSpans: number }> {
    return this.next(async () => {
      const size = recordHeaderBytes + body.length;
      if (headerBytes + size > this.maxBytes) return { droppedSpans: spans };
      let droppedSpans = 0;
      while (headerBytes + this.live() + size > this.maxBytes) {
        if (this.whenFull === "drop_newest") return { droppedSpans: spans };
        droppedSpans += this.entries.shift()?.spans ?? 0;
      }
      if (this.end + size > this.maxBytes) await this.compact();
      const record = Buffer.allocUnsafe(size);
      record.writeUInt32LE(body.length, 0);
      record.writeUInt32LE(spans, 4);
      record.writeUInt32LE(sumOf(body, spans), 8);
      record.set(body, recordHeaderBytes);
      const file = await this.handle;
      await file.write(record, 0, size, this.end);
      this.entries.push({ offset: this.end, length: body.length, spans });
      this.end += size;
      if (droppedSpans > 0) await this.writeStart(file);
      return { droppedSpans };
    });
  }

  /** The oldest request that waits. */
  peek(): Promise<{ body: Uint8Array; spans: number } | undefined> {
    return this.next(async () => {
      for (let entry = this.entries[0]; entry !== undefined; entry = this.entries[0]) {
        const record = Buffer.allocUnsafe(recordHeaderBytes + entry.length);
        const { bytesRead } = await (await this.handle).read(record, 0, record.length, entry.offset);
        const body = record.subarray(recordHeaderBytes);
        if (bytesRead === record.length && sumOf(body, entry.spans) === record.readUInt32LE(8))
          return { body, spans: entry.spans };
        this.damagedSpans += entry.spans;
        await this.drop();
      }
      return undefined;
    });
  }

  /** Forgets the oldest request: it was sent. */
  shift(): Promise<void> {
    return this.next(() => this.drop());
  }

  async close(): Promise<void> {
    await this.next(async () => (await this.handle).close());
    this.unlock();
  }

  private live(): number {
    return this.entries.reduce((sum, { length }) => sum + recordHeaderBytes + length, 0);
  }

  private async drop(): Promise<void> {
    this.entries.shift();
    const file = await this.handle;
    if (this.entries.length === 0) {
      this.end = headerBytes;
      await this.writeStart(file);
      await file.truncate(headerBytes);
    } else await this.writeStart(file);
  }

  private async writeStart(file: FileHandle): Promise<void> {
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(this.entries[0]?.offset ?? this.end));
    await file.write(start, 0, 8, 8);
  }

  /** Writes what waits to a file of its own and puts that in the place of this one. */
  private async compact(): Promise<void> {
    const old = await this.handle;
    const start = this.entries[0]?.offset ?? this.end;
    const waiting = Buffer.allocUnsafe(this.end - start);
    await old.read(waiting, 0, waiting.length, start);
    const temporary = `${this.path}.new`;
    const fresh = await open(temporary, "w+", 0o600);
    await fresh.write(header(headerBytes), 0, headerBytes, 0);
    await fresh.write(waiting, 0, waiting.length, headerBytes);
    renameSync(temporary, this.path);
    this.handle = Promise.resolve(fresh);
    await old.close();
    const moved = start - headerBytes;
    for (const entry of this.entries) entry.offset -= moved;
    this.end -= moved;
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

function header(start: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(start), 8);
  return bytes;
}

function sumOf(body: Uint8Array, spans: number): number {
  return crc32(body, spans);
}

/** The records that wait in a file, which is made where there is none. A torn end is cut off. */
function recover(path: string): { entries: Entry[]; end: number } {
  rmSync(`${path}.new`, { force: true });
  const file = openSync(path, "a+", 0o600);
  closeSync(file);
  const existing = openSync(path, "r+");
  try {
    const { size } = fstatSync(existing);
    if (size === 0) {
      writeSync(existing, header(headerBytes), 0, headerBytes, 0);
      return { entries: [], end: headerBytes };
    }
    const head = Buffer.alloc(headerBytes);
    readSync(existing, head, 0, headerBytes, 0);
    if (size < headerBytes || !head.subarray(0, 8).equals(magic))
      throw new SpillFileError(`${path} is no spill file of this version: name another, or move it away`);
    const entries: Entry[] = [];
    const record = Buffer.alloc(recordHeaderBytes);
    let at = Math.min(size, Math.max(headerBytes, Number(head.readBigUInt64LE(8))));
    while (at + recordHeaderBytes <= size) {
      readSync(existing, record, 0, recordHeaderBytes, at);
      const length = record.readUInt32LE(0);
      if (at + recordHeaderBytes + length > size) break;
      entries.push({ offset: at, length, spans: record.readUInt32LE(4) });
      at += recordHeaderBytes + length;
    }
    ftruncateSync(existing, at);
    return { entries, end: at };
  } finally {
    closeSync(existing);
  }
}
