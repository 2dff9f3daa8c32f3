import { CopyIndex } from "../copy-index.ts";
import { ownersOf } from "../head/owners.ts";
import type { Counts, HeadColumns } from "../head/layout.ts";

/** The rows of a block, and the traces they are of. */
export interface BlockOrder {
  /** Row numbers of the head, in the block's order: traces by their first start, spans of a trace by their start. */
  rows: Int32Array;
  /** For each trace, in order: its number in the head, where its rows begin; one more at the end. */
  traces: Int32Array;
  firstRow: Int32Array;
}

/**
 * Copies of a span (same trace, span id, kind, start and tenant of its sender) count once: the latest received wins. A tenant cannot take the
 * place of another's span. `keep`: false leaves a row out.
 */
export function orderRows(
  head: HeadColumns,
  counts: Readonly<Counts>,
  keep?: (row: number) => boolean,
): BlockOrder {
  const { start, traceLast, rowBefore } = head;
  const owners = ownersOf(head, counts);
  const traces: number[] = [];
  const lists: number[][] = [];
  for (let number = 0; number < counts.traces; number++) {
    const rows: number[] = [];
    for (let row = traceLast[number] ?? -1; row !== -1; row = rowBefore[row] ?? -1) {
      if (row < counts.rows && keep?.(row) !== false) rows.push(row);
    }
    if (rows.length === 0) continue;
    const list = withoutCopies(head, owners, rows).sort((a, b) => compareStart(start, a, b) || a - b);
    traces.push(number);
    lists.push(list);
  }
  const order = traces
    .map((_, at) => at)
    .sort((a, b) => compareStart(start, lists[a]?.[0] ?? 0, lists[b]?.[0] ?? 0) || a - b);
  const rows = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  const firstRow = new Int32Array(order.length + 1);
  let at = 0;
  order.forEach((number, place) => {
    firstRow[place] = at;
    rows.set(lists[number] ?? [], at);
    at += lists[number]?.length ?? 0;
  });
  firstRow[order.length] = at;
  return { rows, traces: Int32Array.from(order, (number) => traces[number] ?? 0), firstRow };
}

/** Of rows of one trace, the newest first, those that no newer copy stands for. */
export function withoutCopies(
  { spanId, kindStatus, start, origin }: HeadColumns,
  owners: Int32Array,
  rows: number[],
): number[] {
  if (rows.length === 1) return rows;
  const ownerOf = (row: number): number => owners[origin[row] ?? 0] ?? 0;
  if (rows.length > 32) {
    const copies = new CopyIndex({ ids: spanId, starts: start, kindStatus, ownerOf }, rows.length);
    return rows.filter((row) => {
      const met = copies.size;
      return copies.numberOf(row) === met;
    });
  }
  return rows.filter((row, at) => {
    for (let before = 0; before < at; before++) {
      const other = rows[before] ?? 0;
      if (
        spanId[row * 2] === spanId[other * 2] &&
        spanId[row * 2 + 1] === spanId[other * 2 + 1] &&
        compareStart(start, row, other) === 0 &&
        (((kindStatus[row] ?? 0) ^ (kindStatus[other] ?? 0)) & 15) === 0 &&
        ownerOf(row) === ownerOf(other)
      ) {
        return false;
      }
    }
    return true;
  });
}

function compareStart(start: Uint32Array, a: number, b: number): number {
  const high = (start[a * 2 + 1] ?? 0) - (start[b * 2 + 1] ?? 0);
  return high === 0 ? (start[a * 2] ?? 0) - (start[b * 2] ?? 0) : high;
}
