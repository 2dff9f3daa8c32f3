import { crc32 } from "node:zlib";

/*
 * The spill file: encoded requests that wait for their receiver, in a ring. Numbers are little-endian, sums are CRC-32.
 *
 *   header   8 bytes  magic "TLSPILL1"; the last digit is the version
 *            8 bytes  u64: capacity of the ring in bytes
 *            8 bytes  u64: start, the position of the oldest record that waits
 *            8 bytes  u64: end, the position after the newest one
 *            4 bytes  u32: spans in all the records between
 *            4 bytes  u32: sum of the 36 bytes before
 *   ring     records one after the other; what passes the ring's end goes on at its beginning
 *   record   4 bytes  u32: length of the body
 *            4 bytes  u32: spans in the body
 *            4 bytes  u32: sum of the body
 *            4 bytes  u32: sum of the 12 bytes before
 *            the body
 *
 * A position counts all bytes since the ring was last empty; its place in the file is 40 + position % capacity. A record counts once
 * the header says so, which is written after it: one that a dying process left half written is not there. A record whose body does not
 * match its sum is passed over and its spans are lost; after a record whose head does not, nothing can be found, and all the spans
 * that the header still counts are lost. An empty ring has no bytes.
 */
const magic = Buffer.from("TLSPILL1");
const versionAt = 7;
export const headerBytes = 40;
export const recordHeadBytes = 16;

/** A file that cannot be used for spilling; the message says why. */
export class SpillFileError extends Error {
  override readonly name = "SpillFileError";
}

export interface SpillHeader {
  capacity: number;
  start: number;
  end: number;
  spans: number;
}

/** A record that waits. */
export interface SpillEntry {
  position: number;
  /** Of the body. */
  length: number;
  spans: number;
}

export function encodeHeader({ capacity, start, end, spans }: SpillHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(capacity), 8);
  bytes.writeBigUInt64LE(BigInt(start), 16);
  bytes.writeBigUInt64LE(BigInt(end), 24);
  bytes.writeUInt32LE(spans, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

/** `bytes`: the first 40 of a file, or all that it has. Returns undefined for the mere beginning of a header: the file was being made. */
export function decodeHeader(bytes: Buffer): SpillHeader | undefined {
  const name = bytes.subarray(0, versionAt);
  if (!name.equals(magic.subarray(0, name.length)))
    throw new SpillFileError("is something else: name another file");
  if (bytes.length > versionAt && bytes[versionAt] !== magic[versionAt])
    throw new SpillFileError(
      `is of version ${JSON.stringify(bytes.toString("latin1", versionAt, magic.length))}, this program reads 1: name another file`,
    );
  if (bytes.length < headerBytes) return undefined;
  const header = {
    capacity: Number(bytes.readBigUInt64LE(8)),
    start: Number(bytes.readBigUInt64LE(16)),
    end: Number(bytes.readBigUInt64LE(24)),
    spans: bytes.readUInt32LE(32),
  };
  if (crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36))
    throw new SpillFileError("has a damaged header: move it away");
  return header;
}

export function encodeRecord(body: Uint8Array, spans: number): Buffer {
  const record = Buffer.allocUnsafe(recordHeadBytes + body.length);
  record.writeUInt32LE(body.length, 0);
  record.writeUInt32LE(spans, 4);
  record.writeUInt32LE(crc32(body), 8);
  record.writeUInt32LE(crc32(record.subarray(0, 12)), 12);
  record.set(body, recordHeadBytes);
  return record;
}

/** The body's length and spans; undefined for a head that is damaged. */
export function decodeRecordHead(head: Buffer): { length: number; spans: number } | undefined {
  if (crc32(head.subarray(0, 12)) !== head.readUInt32LE(12)) return undefined;
  return { length: head.readUInt32LE(0), spans: head.readUInt32LE(4) };
}

/** The body of a whole record; undefined for one that is damaged. */
export function decodeRecord(record: Buffer): Buffer | undefined {
  if (decodeRecordHead(record) === undefined) return undefined;
  const body = record.subarray(recordHeadBytes);
  return crc32(body) === record.readUInt32LE(8) ? body : undefined;
}

/** The places in the file of `bytes`, which lie at a position: one, or two where they pass the end of the ring. */
export function places(
  bytes: Buffer,
  position: number,
  capacity: number,
): readonly { part: Buffer; offset: number }[] {
  const at = position % capacity;
  const untilEnd = capacity - at;
  const first = { part: bytes.subarray(0, untilEnd), offset: headerBytes + at };
  return bytes.length <= untilEnd
    ? [first]
    : [first, { part: bytes.subarray(untilEnd), offset: headerBytes }];
}
