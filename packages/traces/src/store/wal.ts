/**
 * The write-ahead log of the trace store: numbered segment files `<16 digits>.wal` in one directory, mode 0600.
 * All integers are little-endian. CRC-32 is that of zlib (IEEE 802.3).
 *
 * Segment header, 12 bytes
 *   0  8  magic: the ASCII bytes "TLTRACES"
 *   8  4  format version, 1. A directory that holds another version is refused and nothing in it is touched.
 *
 * Records follow without gaps
 *   0  4  length of the payload in bytes
 *   4  4  CRC-32 of the payload
 *   8  8  when the batch was received, milliseconds since the epoch
 *  16  4  CRC-32 of bytes 0..15 of this record
 *  20  .  payload: one redacted batch as OTLP's TracesData (protobuf, opentelemetry-proto 1.11)
 *
 * A record is valid when both checksums are right and it ends inside the file. Durability `fsync`: records are written
 * in groups, one `fdatasync` for a group, and acknowledged after it; they survive `kill -9` and a loss of power.
 * Durability `os`: acknowledged after the write; they survive `kill -9`, not a loss of power. A new segment's
 * directory entry is synced before its first record is acknowledged. What reading does with invalid records is
 * described in wal-replay.ts.
 */
import { ThroughlineError } from "@throughline/api/errors";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { StoreLog } from "./log.ts";

export const walMagic = Buffer.from("TLTRACES", "ascii");
export const walVersion = 1;
export const segmentHeaderBytes = 12;
export const recordHeaderBytes = 20;

export type Durability = "fsync" | "os";

export interface WalOptions {
  directory: string;
  durability: Durability;
  /** A segment is closed when it has reached this size, or this age. */
  segmentBytes: number;
  segmentAgeMs: number;
  nowMs: () => number;
  log: StoreLog;
}

export interface SegmentInfo {
  id: number;
  bytes: number;
  /** When its newest batch was received, milliseconds since the epoch. */
  newestMs: number;
}

interface OpenSegment extends SegmentInfo {
  handle: FileHandle;
  openedMs: number;
}

interface Waiting {
  payload: Uint8Array;
  resolve: (segmentId: number) => void;
  reject: (error: Error) => void;
}

export class WriteAheadLog {
  /** Why the last write failed; undefined while writing works. */
  failure: string | undefined;
  private readonly options: WalOptions;
  private readonly sealed: SegmentInfo[];
  private current: OpenSegment | undefined;
  private nextId: number;
  private waiting: Waiting[] = [];
  /** Everything that touches the current segment runs one after the other behind this. */
  private turn: Promise<void> = Promise.resolve();
  private flushing = false;
  private closed = false;

  /** `found`: what replay found, segments oldest first. A new segment is begun at the first append. */
  constructor(options: WalOptions, found: { segments: readonly SegmentInfo[]; nextId: number }) {
    this.options = options;
    this.sealed = [...found.segments];
    this.nextId = found.nextId;
  }

  /**
   * Resolves with the segment that holds the record once it is as durable as was asked for. Throws
   * ThroughlineError TL_TRACE_BACKEND_FAILED; a record refused so is cut off the log again.
   */
  append(payload: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(failed("the trace store is stopping"));
      this.waiting.push({ payload, resolve, reject });
      if (this.flushing) return;
      this.flushLater();
    });
  }

  /** Oldest first, the one being written last. */
  segments(): SegmentInfo[] {
    const all = this.current === undefined ? this.sealed : [...this.sealed, this.current];
    return all.map(({ id, bytes, newestMs }) => ({ id, bytes, newestMs }));
  }

  /** Deletes a segment, also the one being written. */
  remove(id: number): Promise<void> {
    return this.inTurn(async () => {
      if (this.current?.id === id) await this.seal(this.current);
      const at = this.sealed.findIndex((segment) => segment.id === id);
      if (at === -1) return;
      await unlink(segmentPath(this.options.directory, id));
      this.sealed.splice(at, 1);
    });
  }

  /** Writes what waits, then closes the file. Later appends are refused. */
  async close(): Promise<void> {
    this.closed = true;
    await this.inTurn(async () => {
      while (this.waiting.length > 0) await this.flush();
      if (this.current !== undefined) await this.seal(this.current);
    });
  }

  private flushLater(): void {
    this.flushing = true;
    void this.inTurn(async () => {
      if (this.waiting.length > 0) await this.flush();
      this.flushing = false;
      if (this.waiting.length > 0) this.flushLater();
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Group commit: what arrives while a group is being synced forms the next group. */
  private async flush(): Promise<void> {
    const group = this.waiting;
    this.waiting = [];
    try {
      const id = await this.write(group.map(({ payload }) => payload));
      this.failure = undefined;
      for (const { resolve } of group) resolve(id);
    } catch (cause) {
      const error = failed(`the write-ahead log cannot be written: ${reason(cause)}`, cause);
      if (this.failure === undefined) this.options.log.error({ err: cause }, error.message);
      this.failure = error.message;
      for (const { reject } of group) reject(error);
    }
  }

  private async write(payloads: readonly Uint8Array[]): Promise<number> {
    const segment = await this.segmentToWrite();
    const receivedMs = this.options.nowMs();
    const records = encodeRecords(payloads, receivedMs);
    try {
      for (let done = 0; done < records.length;) {
        const { bytesWritten } = await segment.handle.write(
          records,
          done,
          records.length - done,
          segment.bytes + done,
        );
        done += bytesWritten;
      }
      if (this.options.durability === "fsync") await segment.handle.datasync();
    } catch (error) {
      await this.giveUp(segment);
      throw error;
    }
    segment.bytes += records.length;
    segment.newestMs = Math.max(segment.newestMs, receivedMs);
    return segment.id;
  }

  private async segmentToWrite(): Promise<OpenSegment> {
    const { segmentBytes, segmentAgeMs, nowMs } = this.options;
    const { current } = this;
    if (current !== undefined) {
      if (current.bytes < segmentBytes && nowMs() - current.openedMs < segmentAgeMs) return current;
      await this.seal(current);
    }
    return this.begin();
  }

  private async begin(): Promise<OpenSegment> {
    const { directory, durability, nowMs } = this.options;
    const id = this.nextId;
    const path = segmentPath(directory, id);
    const handle = await open(path, "wx", 0o600);
    try {
      await handle.writeFile(segmentHeader());
      if (durability === "fsync") {
        await handle.datasync();
        await syncDirectory(directory);
      }
    } catch (error) {
      await handle.close();
      await unlink(path);
      throw error;
    }
    this.nextId = id + 1;
    const openedMs = nowMs();
    this.current = { id, handle, bytes: segmentHeaderBytes, openedMs, newestMs: openedMs };
    return this.current;
  }

  private async seal(segment: OpenSegment): Promise<void> {
    this.current = undefined;
    const { id, bytes, newestMs, handle } = segment;
    this.sealed.push({ id, bytes, newestMs });
    await handle.close();
  }

  /**
   * After a failed write or sync nobody can say what of the file is on the disk (the system forgets failed pages), so
   * the group is cut off again and the segment is not written to any more.
   */
  private async giveUp(segment: OpenSegment): Promise<void> {
    try {
      await segment.handle.truncate(segment.bytes);
      await segment.handle.datasync();
    } catch (err) {
      this.options.log.warn(
        { err, segment: segment.id },
        "refused spans could not be cut off the write-ahead log: they may appear after a restart",
      );
    }
    if (segment.bytes > segmentHeaderBytes) return this.seal(segment);
    this.current = undefined;
    await segment.handle.close();
    await unlink(segmentPath(this.options.directory, segment.id));
  }
}

export function segmentPath(directory: string, id: number): string {
  return join(directory, `${String(id).padStart(16, "0")}.wal`);
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function segmentHeader(): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  walMagic.copy(header);
  header.writeUInt32LE(walVersion, 8);
  return header;
}

function encodeRecords(payloads: readonly Uint8Array[], receivedMs: number): Buffer {
  const total = payloads.reduce((sum, payload) => sum + recordHeaderBytes + payload.length, 0);
  const records = Buffer.allocUnsafe(total);
  let at = 0;
  for (const payload of payloads) {
    records.writeUInt32LE(payload.length, at);
    records.writeUInt32LE(crc32(payload), at + 4);
    records.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(receivedMs))), at + 8);
    records.writeUInt32LE(crc32(records.subarray(at, at + 16)), at + 16);
    records.set(payload, at + recordHeaderBytes);
    at += recordHeaderBytes + payload.length;
  }
  return records;
}

function failed(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError("TL_TRACE_BACKEND_FAILED", message, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
}
