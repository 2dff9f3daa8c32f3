/**
 * Reading the write-ahead log at start (format: wal.ts).
 *
 * - A segment of an unknown version stops the start before anything was changed.
 * - A record that a crash cut short (the file ends inside it, or holds only zeros from there on) was never
 *   acknowledged: the file is cut back to the last valid record.
 * - Any other invalid record is damage: the rest of that segment is set aside as `<segment>.wal.<offset>.damaged` (one
 *   with a wrong header as a whole, `<segment>.wal.damaged`), reported, and reading goes on with the next segment.
 */
import { ThroughlineError } from "@throughline/api/errors";
import { open, readdir, readFile, rename, truncate, unlink } from "node:fs/promises";
import { basename } from "node:path";
import { crc32 } from "node:zlib";
import type { StoreLog } from "./log.ts";
import {
  recordHeaderBytes,
  type SegmentInfo,
  segmentHeaderBytes,
  segmentPath,
  syncDirectory,
  walMagic,
  walVersion,
} from "./wal.ts";

/** Called for each valid record, oldest first. The payload is a view of the file's bytes. */
export type RecordVisitor = (segmentId: number, payload: Uint8Array) => void;

export interface ReplayedWal {
  /** Those that hold records, oldest first. */
  segments: SegmentInfo[];
  /** The first number that no segment has used, damaged ones included. */
  nextId: number;
}

/** Throws ThroughlineError TL_DATA_VERSION_UNKNOWN, and what the file system throws. */
export async function replayWal(
  directory: string,
  log: StoreLog,
  visit: RecordVisitor,
): Promise<ReplayedWal> {
  const { ids, nextId } = await segmentIds(directory);
  for (const id of ids) await checkVersion(segmentPath(directory, id));
  const segments: SegmentInfo[] = [];
  for (const id of ids) {
    const segment = await replaySegment(directory, id, log, visit);
    if (segment !== undefined) segments.push(segment);
  }
  return { segments, nextId };
}

async function segmentIds(directory: string): Promise<{ ids: number[]; nextId: number }> {
  const ids: number[] = [];
  let highest = 0;
  for (const name of await readdir(directory)) {
    const id = Number(/^(\d{16})\.wal(\.|$)/.exec(name)?.[1] ?? 0);
    highest = Math.max(highest, id);
    if (/^\d{16}\.wal$/.test(name)) ids.push(id);
  }
  return { ids: ids.sort((a, b) => a - b), nextId: highest + 1 };
}

async function checkVersion(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    const header = Buffer.alloc(segmentHeaderBytes);
    const { bytesRead } = await handle.read(header, 0, segmentHeaderBytes, 0);
    if (bytesRead < segmentHeaderBytes || !hasMagic(header)) return;
    const version = header.readUInt32LE(8);
    if (version === walVersion) return;
    throw new ThroughlineError(
      "TL_DATA_VERSION_UNKNOWN",
      `${path} has format version ${version}; this version of Throughline reads ${walVersion}.`,
    );
  } finally {
    await handle.close();
  }
}

async function replaySegment(
  directory: string,
  id: number,
  log: StoreLog,
  visit: RecordVisitor,
): Promise<SegmentInfo | undefined> {
  const path = segmentPath(directory, id);
  const file = await readFile(path);
  if (file.length < segmentHeaderBytes || isZero(file)) {
    // The crash came before the first record: nothing in it was ever acknowledged.
    await unlink(path);
    return undefined;
  }
  if (!hasMagic(file)) {
    await rename(path, `${path}.damaged`);
    log.error({ file: `${path}.damaged` }, "a segment of the write-ahead log is damaged and was set aside");
    return undefined;
  }
  const { end, newestMs, invalid } = readRecords(file, (payload) => visit(id, payload));
  if (invalid === "damaged") await setAside(path, file, end, log);
  if (invalid !== undefined) {
    await truncate(path, end);
    if (invalid === "torn") {
      log.warn(
        { file: path, offset: end, bytes: file.length - end },
        "an unfinished record at the end of the write-ahead log was cut off",
      );
    }
  }
  if (end > segmentHeaderBytes) return { id, bytes: end, newestMs };
  await unlink(path);
  return undefined;
}

/** Visits the valid records from the start; `end` is where they end, `invalid` what stands there if not the file's end. */
function readRecords(
  file: Buffer,
  visit: (payload: Uint8Array) => void,
): { end: number; newestMs: number; invalid: "torn" | "damaged" | undefined } {
  let end = segmentHeaderBytes;
  let newestMs = 0;
  while (end < file.length) {
    const invalid = recordProblem(file, end);
    if (invalid !== undefined) return { end, newestMs, invalid };
    const start = end + recordHeaderBytes;
    const next = start + file.readUInt32LE(end);
    visit(file.subarray(start, next));
    newestMs = Math.max(newestMs, Number(file.readBigUInt64LE(end + 8)));
    end = next;
  }
  return { end, newestMs, invalid: undefined };
}

function recordProblem(file: Buffer, at: number): "torn" | "damaged" | undefined {
  const start = at + recordHeaderBytes;
  if (start > file.length || isZero(file.subarray(at))) return "torn";
  if (crc32(file.subarray(at, at + 16)) !== file.readUInt32LE(at + 16)) return "damaged";
  const next = start + file.readUInt32LE(at);
  if (next > file.length) return "torn";
  return crc32(file.subarray(start, next)) === file.readUInt32LE(at + 4) ? undefined : "damaged";
}

async function setAside(path: string, file: Buffer, offset: number, log: StoreLog): Promise<void> {
  const aside = `${path}.${offset}.damaged`;
  const handle = await open(aside, "w", 0o600);
  try {
    await handle.writeFile(file.subarray(offset));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(path.slice(0, -basename(path).length));
  log.error(
    { file: aside, bytes: file.length - offset },
    "a record of the write-ahead log is damaged: the rest of its segment was set aside",
  );
}

function hasMagic(file: Buffer): boolean {
  return file.subarray(0, walMagic.length).equals(walMagic);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
