/**
 * The write-ahead log of a head: one file `<16 digits>.wal` for each, mode 0600, deleted when the head has become a block that the
 * manifest names. All integers are little-endian. CRC-32 is that of zlib (IEEE 802.3).
 *
 * header, 24 bytes
 *   0  8  the ASCII bytes "TLTRACES"
 *   8  4  format version, 2. A directory that holds another version is refused and nothing in it is touched.
 *  12  4  rows that the head may hold
 *  16  4  items
 *  20  4  bytes (`head/layout.ts`)
 *
 * records follow without gaps, one for each group of requests
 *   0  4  length of the payload in bytes
 *   4  4  CRC-32 of the payload
 *   8  8  when the group was received, milliseconds since the epoch
 *  16  4  CRC-32 of bytes 0..15 of this record
 *  20  .  payload: for each of the head's columns, in the order of `sections` in `head/layout.ts`: u32 number of new entries, the entries.
 *         Entries stand behind those of the records before. They are redacted: nothing else ever gets into a head.
 *
 * A record is valid when both checksums are right and it ends inside the file. Durability `fsync`: one `fdatasync` for a group,
 * acknowledged after it: it survives `kill -9` and a loss of power. Durability `os`: acknowledged after the write: it survives `kill -9`,
 * not a loss of power. A new file's name is synced before its first record is acknowledged. What follows the last valid record was
 * never acknowledged when it is cut off or zero; else it is damaged, and is set aside.
 */
import { ThroughlineError } from "@throughline/api/errors";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  capacity,
  type Counts,
  HeadColumns,
  type HeadSize,
  allocateHead,
  noCounts,
  sections,
} from "./head/layout.ts";
import type { StoreLog } from "./log.ts";

const magic = Buffer.from("TLTRACES", "ascii");
export const walVersion = 2;
export const walHeaderBytes = 24;
const recordHeaderBytes = 20;

export function walPath(directory: string, id: number): string {
  return join(directory, `${String(id).padStart(16, "0")}.wal`);
}

export function walHeader({ rows, items, bytes }: HeadSize): Buffer {
  const header = Buffer.alloc(walHeaderBytes);
  magic.copy(header);
  [walVersion, rows, items, bytes].forEach((value, at) => header.writeUInt32LE(value, 8 + at * 4));
  return header;
}

/** Writes records, one after the other, into memory that is used again. */
export class WalRecord {
  private buffer = Buffer.alloc(1 << 20);

  /** The record of what came into a head since `from`; valid until the next. */
  write(columns: HeadColumns, from: Readonly<Counts>, to: Readonly<Counts>, receivedMs: number): Buffer {
    const length = sections.reduce(
      (sum, [, counter, bytes]) => sum + 4 + (to[counter] - from[counter]) * bytes,
      0,
    );
    if (recordHeaderBytes + length > this.buffer.length)
      this.buffer = Buffer.alloc((recordHeaderBytes + length) * 2);
    const record = this.buffer.subarray(0, recordHeaderBytes + length);
    fillRecord(record, columns, from, to, receivedMs);
    return record;
  }
}

function fillRecord(
  record: Buffer,
  columns: HeadColumns,
  from: Readonly<Counts>,
  to: Readonly<Counts>,
  receivedMs: number,
): void {
  const length = record.length - recordHeaderBytes;
  let at = recordHeaderBytes;
  for (const [name, counter, bytes] of sections) {
    const count = to[counter] - from[counter];
    at = record.writeUInt32LE(count, at);
    record.set(new Uint8Array(columns.buffers[name], from[counter] * bytes, count * bytes), at);
    at += count * bytes;
  }
  record.writeUInt32LE(length, 0);
  record.writeUInt32LE(crc32(record.subarray(recordHeaderBytes)), 4);
  record.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(receivedMs))), 8);
  record.writeUInt32LE(crc32(record.subarray(0, 16)), 16);
}

/** Format version of a log file; undefined for one that is empty, cut off in its header or not a log. Throws what the system does. */
export function walVersionOf(path: string): number | undefined {
  const header = Buffer.alloc(walHeaderBytes);
  const descriptor = openSync(path, "r");
  try {
    if (readSync(descriptor, header, 0, 12, 0) < 12 || !header.subarray(0, 8).equals(magic)) return undefined;
    return header.readUInt32LE(8);
  } finally {
    closeSync(descriptor);
  }
}

export interface Replayed {
  size: HeadSize;
  columns: HeadColumns;
  counts: Counts;
  receivedFirstMs: number;
  receivedLastMs: number;
  /** Where the valid records end. */
  end: number;
}

/** Reads a log back, record by record; undefined where there is no valid record. What is damaged is set aside and told. */
export function replayLog(path: string, log: StoreLog): Replayed | undefined {
  const descriptor = openSync(path, "r");
  try {
    const header = Buffer.alloc(walHeaderBytes);
    if (readSync(descriptor, header, 0, walHeaderBytes, 0) < walHeaderBytes) return undefined;
    const size = {
      rows: header.readUInt32LE(12),
      items: header.readUInt32LE(16),
      bytes: header.readUInt32LE(20),
    };
    const columns = new HeadColumns(allocateHead(size));
    const found: Replayed = {
      size,
      columns,
      counts: noCounts(),
      receivedFirstMs: 0,
      receivedLastMs: 0,
      end: walHeaderBytes,
    };
    for (let payload: Buffer | undefined; ;) {
      const record = readRecord(descriptor, found.end);
      if (typeof record === "string") {
        if (record !== "end") setAside(path, descriptor, found.end, record, log);
        break;
      }
      ({ payload } = record);
      addRecord(found, payload);
      if (found.receivedFirstMs === 0) found.receivedFirstMs = record.receivedMs;
      found.receivedLastMs = Math.max(found.receivedLastMs, record.receivedMs);
      found.end += recordHeaderBytes + payload.length;
    }
    return found.counts.rows === 0 ? undefined : found;
  } finally {
    closeSync(descriptor);
  }
}

function readRecord(
  descriptor: number,
  at: number,
): { payload: Buffer; receivedMs: number } | "end" | "torn" | "damaged" {
  const header = Buffer.alloc(recordHeaderBytes);
  const read = readSync(descriptor, header, 0, recordHeaderBytes, at);
  if (read === 0) return "end";
  if (read < recordHeaderBytes || header.every((byte) => byte === 0)) return "torn";
  if (crc32(header.subarray(0, 16)) !== header.readUInt32LE(16)) return "damaged";
  const payload = Buffer.alloc(header.readUInt32LE(0));
  for (let done = 0; done < payload.length;) {
    const more = readSync(descriptor, payload, done, payload.length - done, at + recordHeaderBytes + done);
    if (more === 0) return "torn";
    done += more;
  }
  if (crc32(payload) !== header.readUInt32LE(4)) return "damaged";
  return { payload, receivedMs: Number(header.readBigUInt64LE(8)) };
}

function addRecord({ size, columns, counts }: Replayed, payload: Buffer): void {
  const before = { ...counts };
  let at = 0;
  for (const [name, counter, bytes] of sections) {
    const count = payload.readUInt32LE(at);
    at += 4;
    if (before[counter] + count > capacity(size, counter)) {
      throw new ThroughlineError(
        "TL_TRACE_BACKEND_FAILED",
        "A record of the write-ahead log does not fit its head.",
      );
    }
    new Uint8Array(columns.buffers[name]).set(
      payload.subarray(at, at + count * bytes),
      before[counter] * bytes,
    );
    counts[counter] = before[counter] + count;
    at += count * bytes;
  }
}

/** What lies behind the last valid record: an unfinished write is only told of, anything else is kept in a file of its own. */
function setAside(
  path: string,
  descriptor: number,
  end: number,
  why: "torn" | "damaged",
  log: StoreLog,
): void {
  if (why === "torn") {
    log.warn(
      { file: path, offset: end },
      "an unfinished record at the end of the write-ahead log was cut off",
    );
    return;
  }
  const rest: Buffer[] = [];
  for (let at = end; ;) {
    const chunk = Buffer.alloc(1 << 20);
    const read = readSync(descriptor, chunk, 0, chunk.length, at);
    if (read === 0) break;
    rest.push(chunk.subarray(0, read));
    at += read;
  }
  const aside = `${path}.${end}.damaged`;
  writeFileSync(aside, Buffer.concat(rest), { mode: 0o600, flush: true });
  log.error(
    { file: aside },
    "a record of the write-ahead log is damaged: it was set aside with what follows it",
  );
}
