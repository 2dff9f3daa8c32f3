import { rowsOfPage } from "../block/format.ts";
import type { KeyValue, ResourceRecord, ScopeRecord } from "../../model.ts";
import type { PageBounds } from "../search/segment.ts";
import { durationOf, startOf, timeOf } from "./entries.ts";
import { type Counts, type HeadColumns } from "./layout.ts";

/** Pairs and origins that the rows of a full page refer to, as bits. */
interface PageUse {
  pairs: Uint32Array;
  origins: Uint32Array;
}

/**
 * What a thread that reads a head has worked out of it and need not work out again when more is committed: rows and pairs stay as they are,
 * so everything here only grows. Segments of one head, each of what was committed at its moment, share it.
 */
export class HeadIndex {
  readonly columns: HeadColumns;
  readonly attributes = new Map<number, KeyValue>();
  readonly origins = new Map<number, { resource: ResourceRecord; scope: ScopeRecord }>();
  private readonly fullPages: PageBounds[] = [];
  private readonly uses: PageUse[] = [];
  private pairs = 0;
  /** By column, ascending. */
  private readonly pairsOf: number[][] = [];

  constructor(columns: HeadColumns) {
    this.columns = columns;
  }

  bounds({ rows }: Readonly<Counts>): PageBounds[] {
    const full = Math.floor(rows / rowsOfPage);
    for (let page = this.fullPages.length; page < full; page++)
      this.fullPages.push(boundsOf(this.columns, page * rowsOfPage, (page + 1) * rowsOfPage));
    const pages = this.fullPages.slice(0, full);
    if (full * rowsOfPage < rows) pages.push(boundsOf(this.columns, full * rowsOfPage, rows));
    return pages;
  }

  /** The distinct values of a column, ascending; there may be more than are committed. */
  pairsOfColumn(column: number, counts: Readonly<Counts>): readonly number[] {
    const { pairColumn } = this.columns;
    // Pair 0 is the empty text of every field.
    for (this.pairs = Math.max(1, this.pairs); this.pairs < counts.pairs; this.pairs++)
      (this.pairsOf[pairColumn[this.pairs] ?? 0] ??= []).push(this.pairs);
    return this.pairsOf[column] ?? [];
  }

  /** Whether rows of a full page refer to one of these. */
  isUsed(page: number, pairs: readonly number[], origins: readonly number[]): boolean {
    const use = (this.uses[page] ??= this.useOf(page));
    return pairs.some((pair) => isSet(use.pairs, pair)) || origins.some((one) => isSet(use.origins, one));
  }

  private useOf(page: number): PageUse {
    const { columns } = this;
    const from = page * rowsOfPage;
    const last = from + rowsOfPage - 1;
    const pairs = new Bits();
    const origins = new Bits();
    for (const column of [columns.name, columns.state, columns.message])
      for (let row = from; row <= last; row++) pairs.set(column[row] ?? 0);
    for (let row = from; row <= last; row++) origins.set(columns.origin[row] ?? 0);
    const each = (list: Int32Array, start: number, end: number): void => {
      for (let at = start; at < end; at++) pairs.set(list[at] ?? 0);
    };
    each(columns.attrs, startOf(columns.attrEnd, from), columns.attrEnd[last] ?? 0);
    const [event, eventEnd] = [startOf(columns.eventEnd, from), columns.eventEnd[last] ?? 0];
    each(columns.eventName, event, eventEnd);
    if (eventEnd > event)
      each(columns.eventAttrs, startOf(columns.eventAttrEnd, event), columns.eventAttrEnd[eventEnd - 1] ?? 0);
    const [link, linkEnd] = [startOf(columns.linkEnd, from), columns.linkEnd[last] ?? 0];
    if (linkEnd > link)
      each(columns.linkAttrs, startOf(columns.linkAttrEnd, link), columns.linkAttrEnd[linkEnd - 1] ?? 0);
    return { pairs: pairs.words, origins: origins.words };
  }
}

class Bits {
  words = new Uint32Array(1_024);

  set(bit: number): void {
    const word = bit >>> 5;
    if (word >= this.words.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.words.length * 2));
      grown.set(this.words);
      this.words = grown;
    }
    this.words[word] = (this.words[word] ?? 0) | (1 << (bit & 31));
  }
}

function isSet(words: Uint32Array, bit: number): boolean {
  return (((words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

function boundsOf({ start, end }: HeadColumns, from: number, to: number): PageBounds {
  let first = from;
  let last = from;
  let longestLow = 0;
  let longestHigh = 0;
  for (let row = from; row < to; row++) {
    if (isBefore(start, row, first)) first = row;
    if (isBefore(start, last, row)) last = row;
    const [low, high] = durationOf(start, end, row);
    if (high > longestHigh || (high === longestHigh && low > longestLow))
      [longestLow, longestHigh] = [low, high];
  }
  return {
    rows: to - from,
    firstStart: timeOf(start, first),
    lastStart: timeOf(start, last),
    longest: (BigInt(longestHigh) << 32n) | BigInt(longestLow),
  };
}

function isBefore(times: Uint32Array, a: number, b: number): boolean {
  const high = (times[a * 2 + 1] ?? 0) - (times[b * 2 + 1] ?? 0);
  return high < 0 || (high === 0 && (times[a * 2] ?? 0) < (times[b * 2] ?? 0));
}
