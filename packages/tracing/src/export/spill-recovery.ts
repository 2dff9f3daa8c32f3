import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import {
  decodeHeader,
  decodeRecordHead,
  encodeHeader,
  headerBytes,
  places,
  recordHeadBytes,
  type SpillEntry,
  SpillFileError,
  type SpillHeader,
} from "./spill-format.ts";

/** What an earlier process left behind. */
export interface Recovered {
  capacity: number;
  end: number;
  entries: SpillEntry[];
  /** Spans that cannot be found any more. */
  damagedSpans: number;
}

/** The records that wait in a file, which is made where there is none, with `capacity`. Throws SpillFileError and what the system says. */
export function recover(path: string, capacity: number): Recovered {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (!fstatSync(file).isFile()) throw new SpillFileError("is no regular file: name another");
    const head = Buffer.alloc(headerBytes);
    const header = decodeHeader(head.subarray(0, readSync(file, head, 0, headerBytes, 0)));
    // An empty ring takes the capacity that is asked for now; one in use has to keep its own.
    const isEmpty = header === undefined || header.start === header.end;
    const found = isEmpty ? { capacity, end: 0, entries: [], damagedSpans: 0 } : walk(file, header);
    const { entries, end } = found;
    const fresh = {
      capacity: found.capacity,
      start: entries[0]?.position ?? end,
      end,
      spans: entries.reduce((sum, entry) => sum + entry.spans, 0),
    };
    writeSync(file, encodeHeader(fresh), 0, headerBytes, 0);
    return found;
  } finally {
    closeSync(file);
  }
}

function walk(file: number, { capacity, start, end, spans }: SpillHeader): Recovered {
  const entries: SpillEntry[] = [];
  const head = Buffer.alloc(recordHeadBytes);
  let position = start;
  let left = spans;
  while (position < end) {
    const isRead = places(head, position, capacity).every(
      ({ part, offset }) => readSync(file, part, 0, part.length, offset) === part.length,
    );
    const found = isRead ? decodeRecordHead(head) : undefined;
    if (found === undefined) break;
    entries.push({ position, ...found });
    position += recordHeadBytes + found.length;
    left -= found.spans;
  }
  return { capacity, end: position, entries, damagedSpans: Math.max(0, left) };
}
