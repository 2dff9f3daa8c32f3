import { startOf } from "../head/entries.ts";
import type { HeadColumns } from "../head/layout.ts";
import { readValue, valueType } from "../head/value-bytes.ts";
import { keyHash, makeBloom, valueHash } from "./bloom.ts";
import type { BlockColumn, BlockColumns } from "./columns.ts";
import { rowsOfPage } from "./format.ts";

/** What a page-wise column says of one page. */
export interface PageIndex {
  page: number;
  bloom: Buffer;
  /** Smallest and largest number among the values; NaN where there is none. */
  smallest: number;
  largest: number;
}

/** Codes of one column on the present page. */
export class PageCodes {
  readonly column: BlockColumn;
  list = new Int32Array(rowsOfPage);
  length = 0;
  /** Pairs by code, where the dictionary is the page's. */
  pairs: number[] = [];

  constructor(column: BlockColumn) {
    this.column = column;
  }

  push(code: number): void {
    if (this.length === this.list.length) {
      const { list } = this;
      this.list = new Int32Array(list.length * 2);
      this.list.set(list);
    }
    this.list[this.length++] = code;
  }
}

/** Bloom filter and range of a column's values on one page. */
export function indexPage(
  head: HeadColumns,
  columns: BlockColumns,
  column: BlockColumn,
  page: number,
  pairs: readonly number[],
): PageIndex {
  const values = new DataView(head.buffers.valueBytes);
  let smallest = Number.NaN;
  let largest = Number.NaN;
  let ofKey = column.headColumn === -1 ? 0 : keyHash(columns.keyBytes(column.headColumn));
  const hashes = pairs.map((pair) => {
    const start = startOf(head.pairEnd, pair);
    const end = head.pairEnd[pair] ?? 0;
    const type = head.valueBytes[start];
    if (type === valueType.int || type === valueType.double) {
      const { value } = readValue(head.valueBytes, start, end) as { value: bigint | number };
      const number = Number(value);
      if (!(number >= smallest)) smallest = Number.isNaN(number) ? smallest : number;
      if (!(number <= largest)) largest = Number.isNaN(number) ? largest : number;
    }
    if (column.headColumn === -1) ofKey = keyHash(columns.keyBytes(head.pairColumn[pair] ?? 0));
    return valueHash(ofKey, head.valueBytes, values, start, end);
  });
  return { page, bloom: makeBloom(hashes, hashes.length), smallest, largest };
}
