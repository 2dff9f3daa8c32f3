import { placeInTree } from "../analyse/tree.ts";
import { Numbering } from "../growing.ts";
import { ownerOf } from "../model.ts";
import { withUniqueIds } from "../query/unique-ids.ts";
import { CopyIndex } from "../store/copy-index.ts";
import { completeAttributes } from "./slow.ts";
import type { AttributeLists, TraceTable } from "./table.ts";
import { sortedByTime, WordIndex } from "./words.ts";

/** A gathered trace in the order in which it is shown: parent before child, siblings by start. Lists are parallel. */
export interface OrderedTrace {
  table: TraceTable;
  /** Rows of the table. */
  rows: Int32Array;
  /** Places in `rows`, -1 for a root. */
  parents: Int32Array<ArrayBuffer>;
  depths: Int32Array<ArrayBuffer>;
  /** By row of the table: what a slow trace says is completed. */
  attributes: AttributeLists;
  /** 1: the parent is named but not among the spans. */
  isParentMissing: Uint8Array;
}

/** `hasCopies`: rows of several segments may be copies of one span; the one gathered last counts. Gives spans that share an id ids of their own. */
export function orderTrace(table: TraceTable, hasCopies: boolean): OrderedTrace {
  const gathered = hasCopies ? latestRows(table) : allRows(table);
  const byStart = sortedByTime(gathered, table.starts);
  let ids = new WordIndex(table.spanIds, byStart);
  if (ids.hasShared && giveUniqueIds(table, byStart)) ids = new WordIndex(table.spanIds, byStart);
  const parentOf = new Int32Array(byStart.length).fill(-1);
  const isMissing = new Uint8Array(byStart.length);
  const { parentIds } = table;
  for (let at = 0; at < byStart.length; at++) {
    const row = byStart[at] ?? 0;
    const low = parentIds[row * 2] ?? 0;
    const high = parentIds[row * 2 + 1] ?? 0;
    if (low === 0 && high === 0) continue;
    const parent = ids.firstOf(low, high);
    parentOf[at] = parent;
    if (parent < 0) isMissing[at] = 1;
  }
  const { order, parents, depths } = placeInTree(parentOf);
  const rows = new Int32Array(order.length);
  const isParentMissing = new Uint8Array(order.length);
  for (let place = 0; place < order.length; place++) {
    const at = order[place] ?? 0;
    rows[place] = byStart[at] ?? 0;
    isParentMissing[place] = isMissing[at] ?? 0;
  }
  return { table, rows, parents, depths, isParentMissing, attributes: completeAttributes(table, byStart) };
}

function allRows(table: TraceTable): Int32Array {
  const rows = new Int32Array(table.rows);
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  return rows;
}

/** Of copies the row gathered last, where the first one stood. */
function latestRows(table: TraceTable): Int32Array {
  const { rows: count, spanIds, starts, kindStatus, rowOrigins } = table;
  const owners = new Numbering<string>();
  const ofOrigin = table.origins.values.map(({ resource }) => owners.of(ownerOf(resource) ?? ""));
  const columns = {
    ids: spanIds,
    starts,
    kindStatus,
    ownerOf: (row: number) => ofOrigin[rowOrigins[row] ?? 0] ?? 0,
  };
  const copies = new CopyIndex(columns, count);
  const latest = new Int32Array(count);
  for (let row = 0; row < count; row++) latest[copies.numberOf(row)] = row;
  return latest.subarray(0, copies.size);
}

/** Whether some id had to change. Few traces have shared ones: these are made as texts, as elsewhere. */
function giveUniqueIds(table: TraceTable, rows: Int32Array): boolean {
  const { spanIds, parentIds, kindStatus } = table;
  const hexOf = hexAt(spanIds);
  const parentHexOf = hexAt(parentIds);
  const named = Array.from(rows, (row) => ({
    row,
    spanId: hexOf(row),
    parentSpanId: parentIds[row * 2] === 0 && parentIds[row * 2 + 1] === 0 ? "" : parentHexOf(row),
    kind: ((kindStatus[row] ?? 0) & 15) as 0,
  }));
  const unique = withUniqueIds(named);
  if (unique === named) return false;
  const [ids, parents] = [bytesOf(spanIds), bytesOf(parentIds)];
  for (const { row, spanId, parentSpanId } of unique) {
    ids.write(spanId, row * 8, "hex");
    if (parentSpanId !== "") parents.write(parentSpanId, row * 8, "hex");
  }
  return true;
}

function hexAt(words: Uint32Array<ArrayBuffer>): (row: number) => string {
  const hex = bytesOf(words).toString("hex");
  return (row) => hex.slice(row * 16, row * 16 + 16);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer>): Buffer<ArrayBuffer> {
  return Buffer.from(buffer, byteOffset, byteLength);
}
