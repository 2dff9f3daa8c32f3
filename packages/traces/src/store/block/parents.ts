import type { HeadColumns } from "../head/layout.ts";
import type { BlockOrder } from "./order.ts";

/** Stands in the list of distances for a span without a parent in the block. */
export const noParent = 0x7fff_ffff;
/** Traces with more spans are searched by a table. */
const fewSpans = 24;

/** For each row of the order, how many rows on its parent stands; `noParent` where the block does not have it. */
export function parentDistances(
  { parentId, spanId }: HeadColumns,
  { rows, firstRow, traces }: BlockOrder,
): Int32Array {
  const distances = new Int32Array(rows.length).fill(noParent);
  let table = new Int32Array(256);
  const hasId = (row: number, low: number, high: number): boolean =>
    spanId[row * 2] === low && spanId[row * 2 + 1] === high;
  for (let trace = 0; trace < traces.length; trace++) {
    const from = firstRow[trace] ?? 0;
    const to = firstRow[trace + 1] ?? 0;
    const isBig = to - from > fewSpans;
    let mask = 0;
    if (isBig) {
      // Place of a span id in the order + 1; half of the slots stay empty.
      while (table.length < (to - from) * 2) table = new Int32Array(table.length * 2);
      mask = 1;
      while (mask < (to - from) * 2) mask = mask * 2 + 1;
      mask = Math.min(mask, table.length - 1);
      table.fill(0, 0, mask + 1);
      for (let at = from; at < to; at++) {
        const row = rows[at] ?? 0;
        const low = spanId[row * 2] ?? 0;
        const high = spanId[row * 2 + 1] ?? 0;
        let slot = slotOf(low, high) & mask;
        // Of spans that share an id the first is the parent of what names it.
        while (table[slot] !== 0 && !hasId(rows[(table[slot] ?? 0) - 1] ?? 0, low, high))
          slot = (slot + 1) & mask;
        if (table[slot] === 0) table[slot] = at + 1;
      }
    }
    for (let at = from; at < to; at++) {
      const row = rows[at] ?? 0;
      const low = parentId[row * 2] ?? 0;
      const high = parentId[row * 2 + 1] ?? 0;
      if (low === 0 && high === 0) continue;
      if (isBig) {
        for (let slot = slotOf(low, high) & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
          const other = (table[slot] ?? 0) - 1;
          const candidate = rows[other] ?? 0;
          if (spanId[candidate * 2] !== low || spanId[candidate * 2 + 1] !== high) continue;
          distances[at] = other - at;
          break;
        }
        continue;
      }
      for (let other = from; other < to; other++) {
        const candidate = rows[other] ?? 0;
        if (spanId[candidate * 2] === low && spanId[candidate * 2 + 1] === high) {
          distances[at] = other - at;
          break;
        }
      }
    }
  }
  return distances;
}

function slotOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ (low >>> 15) ^ high, 0x9e37_79b1);
  return mixed ^ (mixed >>> 16);
}
