import type { SearchCursor } from "../../query/reader.ts";
import { wrongParameter } from "../parameters/query.ts";

/** A cursor as text: start in nanoseconds, trace id. */
export function writeCursor(cursor: SearchCursor | undefined): string | null {
  return cursor === undefined ? null : `${cursor.start}-${cursor.traceId}`;
}

export function readCursor(text: string | undefined): { after?: SearchCursor } {
  if (text === undefined) return {};
  const [, start, traceId] = /^(\d{1,20})-([0-9a-f]{32})$/.exec(text) ?? [];
  if (start === undefined || traceId === undefined) {
    throw wrongParameter("cursor", "must be the `next` of an earlier answer");
  }
  return { after: { start: BigInt(start), traceId } };
}
