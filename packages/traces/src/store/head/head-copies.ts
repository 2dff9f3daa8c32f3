import { rowsOfPage } from "../block/format.ts";
import { mix } from "../hash.ts";
import type { HeadReader } from "./head-reader.ts";
import { HashTable } from "./hash-table.ts";
import type { HeadColumns } from "./layout.ts";

const none: ReadonlySet<number> = new Set();

/** Which rows of a growing head are copies of a span that was sent again: each row is looked at once. */
export class HeadCopies {
  private readonly columns: HeadColumns;
  private rows = 0;
  /** Rows by trace and span id. */
  private readonly spans = new HashTable();
  /** The next newer copy of a row, and by page the rows that have one. */
  private readonly newer = new Map<number, number>();
  private readonly outdatedOf = new Map<number, number[]>();
  private firstTwice = Infinity;

  constructor(columns: HeadColumns) {
    this.columns = columns;
  }

  /** Whether a trace has a span id twice: copies, or different spans under one id. */
  hasIdTwice(reader: HeadReader): boolean {
    this.look(reader);
    return this.firstTwice < reader.counts.rows;
  }

  /** Rows of a page, counted from its first, of which there is a newer copy that `counts`. */
  outdated(reader: HeadReader, page: number, counts: (row: number) => boolean): ReadonlySet<number> {
    this.look(reader);
    const rows = this.outdatedOf.get(page);
    if (rows === undefined) return none;
    const found = new Set<number>();
    for (const row of rows) {
      let copy = this.newer.get(row);
      while (copy !== undefined && copy < reader.counts.rows && !counts(copy)) copy = this.newer.get(copy);
      if (copy !== undefined && copy < reader.counts.rows) found.add(row - page * rowsOfPage);
    }
    return found;
  }

  private look(reader: HeadReader): void {
    for (; this.rows < reader.counts.rows; this.rows++) {
      const row = this.rows;
      const hash = this.hashOf(row);
      if (this.firstTwice === Infinity) {
        if (this.spans.find(hash, (other) => this.hasSameId(other, row)) !== -1) this.firstTwice = row;
      }
      const older =
        this.firstTwice === Infinity
          ? -1
          : this.spans.find(hash, (other) => !this.newer.has(other) && this.isCopy(other, row, reader));
      this.spans.add(hash, row);
      if (older !== -1) this.outdate(older, row);
    }
  }

  private outdate(older: number, row: number): void {
    this.newer.set(older, row);
    const page = Math.floor(older / rowsOfPage);
    const rows = this.outdatedOf.get(page);
    if (rows === undefined) this.outdatedOf.set(page, [older]);
    else rows.push(older);
  }

  private hashOf(row: number): number {
    const { trace, spanId } = this.columns;
    const own = Math.imul(trace[row] ?? 0, 0x9e3779b1) ^ (spanId[row * 2] ?? 0);
    return mix(Math.imul(own, 0x85ebca6b) ^ (spanId[row * 2 + 1] ?? 0));
  }

  private hasSameId(a: number, b: number): boolean {
    const { trace, spanId } = this.columns;
    return (
      trace[a] === trace[b] && spanId[a * 2] === spanId[b * 2] && spanId[a * 2 + 1] === spanId[b * 2 + 1]
    );
  }

  /** As `withoutCopies` of `block/order.ts` sees it. */
  private isCopy(a: number, b: number, { owners }: HeadReader): boolean {
    const { kindStatus, start, origin } = this.columns;
    return (
      this.hasSameId(a, b) &&
      (((kindStatus[a] ?? 0) ^ (kindStatus[b] ?? 0)) & 15) === 0 &&
      start[a * 2] === start[b * 2] &&
      start[a * 2 + 1] === start[b * 2 + 1] &&
      owners[origin[a] ?? 0] === owners[origin[b] ?? 0]
    );
  }
}
