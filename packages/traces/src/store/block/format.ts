/**
 * A block: some spans, immutable, in one file `<16 digits>.block`. This file owns the format; what is inside of a part is written where
 * the arrow points. All integers are little-endian; varints are LEB128; a CRC-32 is zlib's.
 *
 * header, 16 bytes
 *   0   8  "TLBLOCK", then a zero byte
 *   8   4  format version, 3
 *  12   4  zero
 * parts, without gaps, in this order; each as it is or, where that is shorter, compressed with zstd
 *   for each page of at most 2,048 rows
 *     packed      times, kinds, parents, and the codes of every column           -> page-writer.ts
 *     noisy       what does not compress: low bytes of times, span ids            -> page-writer.ts
 *     values      dictionaries of the columns with more than 4,096 values: for each number, count, values (`head/value-bytes.ts`)
 *   traceIds      16 bytes of each trace, sorted; then a vector: where each stands in the block's order
 *   traceFacts    in the block's order: vectors of rows, planes of first start (difference), planes of duration, vector of facts
 *                 (1 an error, 2 slow, 4 has its root), whose they are (not in older blocks)  -> trace-labels.ts
 *   traceBloom    bloom filter of the trace ids                                   -> bloom.ts
 *   dictionary    columns, their values, shapes, origins                          -> dictionary.ts
 *   blooms        for each column with page dictionaries: number, pages; for each: page, smallest and largest number (f64, NaN where none),
 *                 length, bloom filter of its values' texts
 *   rollup        rates, errors, durations; calls between services                -> rollup.ts
 * directory
 *   rows, traces, events, links (varints), first start, last start, last end (u64), received first and last (ms, f64),
 *   for each part but the pages' (in order): its reference
 *   pages (varint); for each: rows (varint), first and last start (u64), longest duration (u64), references of its three parts
 *   A reference: offset (varint), stored bytes (varint), bytes when read or 0 where not compressed (varint), CRC-32 of the stored (u32)
 * trailer, 16 bytes
 *   0   4  length of the directory
 *   4   4  CRC-32 of the directory
 *   8   8  "TLBLKEND"
 *
 * A block is valid when trailer and directory are; each part is checked when it is read.
 */
import { crc32, constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter, DamagedBlockError } from "./bytes.ts";

export const rowsOfPage = 2_048;
export const blockVersion = 3;
/** The oldest that is read: 2 has no durations of calls. Merging writes what it reads as the newest. */
export const oldestBlockVersion = 2;
export const blockHeaderBytes = 16;
export const blockTrailerBytes = 16;
const magic = Buffer.from("TLBLOCK\0", "latin1");
const endMagic = Buffer.from("TLBLKEND", "latin1");

export interface PartRef {
  offset: number;
  stored: number;
  /** Bytes when decompressed; 0 where it is stored as it is. */
  raw: number;
  crc: number;
}

export interface PageDirectory {
  rows: number;
  firstStart: bigint;
  lastStart: bigint;
  longest: bigint;
  packed: PartRef;
  noisy: PartRef;
  values: PartRef;
}

const blockParts = ["traceIds", "traceFacts", "traceBloom", "dictionary", "blooms", "rollup"] as const;
type BlockPart = (typeof blockParts)[number];

export interface Directory {
  rows: number;
  traces: number;
  events: number;
  links: number;
  firstStart: bigint;
  lastStart: bigint;
  lastEnd: bigint;
  receivedFirstMs: number;
  receivedLastMs: number;
  parts: Record<BlockPart, PartRef>;
  pages: PageDirectory[];
}

/** Facts of a trace, as far as one block knows. */
export const traceFact = { error: 1, slow: 2, root: 4 } as const;

function blockHeader(): Buffer {
  const header = Buffer.alloc(blockHeaderBytes);
  magic.copy(header);
  header.writeUInt32LE(blockVersion, 8);
  return header;
}

/** The format version of a file that begins so; undefined where it is no block. */
export function versionOf(header: Buffer): number | undefined {
  return header.length >= 12 && header.subarray(0, 8).equals(magic) ? header.readUInt32LE(8) : undefined;
}

/** Collects the parts of a file. */
export class PartWriter {
  readonly chunks: Buffer[] = [blockHeader()];
  private offset = blockHeaderBytes;

  add(bytes: Buffer, how: "compressed" | "plain"): PartRef {
    const packed = how === "plain" || bytes.length < 32 ? undefined : compress(bytes);
    const stored = packed !== undefined && packed.length < bytes.length * 0.97 ? packed : Buffer.from(bytes);
    const ref = {
      offset: this.offset,
      stored: stored.length,
      raw: stored === packed ? bytes.length : 0,
      crc: crc32(stored),
    };
    this.chunks.push(stored);
    this.offset += stored.length;
    return ref;
  }

  /** The whole file. */
  finish(directory: Directory): Buffer[] {
    const writer = new ByteWriter();
    writeDirectory(writer, directory);
    const bytes = Buffer.from(writer.bytes());
    const trailer = Buffer.alloc(blockTrailerBytes);
    trailer.writeUInt32LE(bytes.length, 0);
    trailer.writeUInt32LE(crc32(bytes), 4);
    endMagic.copy(trailer, 8);
    return [...this.chunks, bytes, trailer];
  }
}

function compress(bytes: Buffer): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** The bytes of a part as they were before they were stored. Throws DamagedBlockError. */
export function unpack(stored: Buffer, ref: PartRef): Buffer {
  if (stored.length !== ref.stored || crc32(stored) !== ref.crc) {
    throw new DamagedBlockError(`the part at byte ${ref.offset} does not match its checksum`);
  }
  if (ref.raw === 0) return stored;
  try {
    // One chunk with room to spare: others would be put together afterwards.
    const chunkSize = Math.max(ref.raw + 1, 64);
    const bytes = zstdDecompressSync(stored, { maxOutputLength: ref.raw, chunkSize });
    if (bytes.length === ref.raw) return bytes;
  } catch (cause) {
    throw new DamagedBlockError(`the part at byte ${ref.offset} cannot be decompressed`, { cause });
  }
  throw new DamagedBlockError(`the part at byte ${ref.offset} is shorter than it was`);
}

/** Length of the directory that a trailer names. */
export function readTrailer(trailer: Buffer): { length: number; crc: number } {
  if (trailer.length !== blockTrailerBytes || !trailer.subarray(8).equals(endMagic)) {
    throw new DamagedBlockError("its end is missing");
  }
  return { length: trailer.readUInt32LE(0), crc: trailer.readUInt32LE(4) };
}

export function readDirectory(bytes: Buffer, crc: number): Directory {
  if (crc32(bytes) !== crc) throw new DamagedBlockError("its directory does not match its checksum");
  const reader = new ByteReader(bytes);
  const head = {
    rows: reader.varint(),
    traces: reader.varint(),
    events: reader.varint(),
    links: reader.varint(),
    firstStart: reader.u64(),
    lastStart: reader.u64(),
    lastEnd: reader.u64(),
    receivedFirstMs: reader.f64(),
    receivedLastMs: reader.f64(),
  };
  const parts: Partial<Record<BlockPart, PartRef>> = {};
  for (const part of blockParts) parts[part] = readRef(reader);
  const pages: PageDirectory[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    pages.push({
      rows: reader.varint(),
      firstStart: reader.u64(),
      lastStart: reader.u64(),
      longest: reader.u64(),
      packed: readRef(reader),
      noisy: readRef(reader),
      values: readRef(reader),
    });
  }
  return { ...head, parts: parts as Record<BlockPart, PartRef>, pages };
}

function writeDirectory(writer: ByteWriter, directory: Directory): void {
  for (const count of ["rows", "traces", "events", "links"] as const) writer.varint(directory[count]);
  for (const time of ["firstStart", "lastStart", "lastEnd"] as const) writer.u64(directory[time]);
  writer.f64(directory.receivedFirstMs);
  writer.f64(directory.receivedLastMs);
  for (const part of blockParts) writeRef(writer, directory.parts[part]);
  writer.varint(directory.pages.length);
  for (const page of directory.pages) {
    writer.varint(page.rows);
    for (const time of ["firstStart", "lastStart", "longest"] as const) writer.u64(page[time]);
    for (const part of ["packed", "noisy", "values"] as const) writeRef(writer, page[part]);
  }
}

function writeRef(writer: ByteWriter, { offset, stored, raw, crc }: PartRef): void {
  writer.varint(offset);
  writer.varint(stored);
  writer.varint(raw);
  writer.u32(crc);
}

function readRef(reader: ByteReader): PartRef {
  return { offset: reader.varint(), stored: reader.varint(), raw: reader.varint(), crc: reader.u32() };
}
