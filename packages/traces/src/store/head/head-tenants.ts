import type { Rollup } from "../block/rollup.ts";
import { rowsOfPage } from "../block/format.ts";
import { type RowsOfPage, type SegmentTenants, sentBy } from "../search/segment.ts";
import type { HeadReader } from "./head-reader.ts";
import { headOperations, headRollup } from "./head-values.ts";
import { ownersOf } from "./owners.ts";
import { HeadLabels, severalTenants } from "./tenant-labels.ts";

/** What the head knows of tenants. */
export class HeadTenants implements SegmentTenants {
  private readonly reader: HeadReader;
  private lastRollup: { name: string; rollup: Rollup } | undefined;

  constructor(reader: HeadReader) {
    this.reader = reader;
  }

  get identity(): object {
    return this.reader.columns;
  }

  labels(from: number, visit: (trace: number, tenant: string | undefined) => void): number {
    const { columns, counts } = this.reader;
    if (from >= counts.rows) return from;
    const labels = new HeadLabels(this.reader);
    if (labels.isEmpty) return counts.rows;
    for (let row = from; row < counts.rows; row++) {
      const label = labels.of(row);
      if (label === 0) continue;
      visit(columns.trace[row] ?? 0, label === severalTenants ? undefined : labels.texts[label - 1]);
    }
    return counts.rows;
  }

  traceWords(trace: number, into: Uint32Array): void {
    const { traceIds } = this.reader.columns;
    for (let word = 0; word < 4; word++) into[word] = traceIds[trace * 4 + word] ?? 0;
  }

  markSenders(tenant: string, page: number, rows: Uint8Array): void {
    const { origin } = this.reader.columns;
    const senders = this.senders(tenant);
    const from = page * rowsOfPage;
    for (let row = 0; row < rows.length; row++)
      rows[row] = senders[origin[from + row] ?? 0] ?? sentBy.another;
  }

  pages(tenant: string, isOf: (trace: number) => boolean): Uint8Array {
    const { columns, counts } = this.reader;
    const senders = this.senders(tenant);
    const pages = new Uint8Array(Math.ceil(counts.rows / rowsOfPage));
    /** 0: not asked yet, 1: not the tenant's, 2: the tenant's. */
    const traces = new Uint8Array(counts.traces);
    for (let row = 0; row < counts.rows; row++) {
      const page = Math.floor(row / rowsOfPage);
      if (pages[page] === 1) continue;
      const sender = senders[columns.origin[row] ?? 0];
      const trace = columns.trace[row] ?? 0;
      if (sender === sentBy.unbound && traces[trace] === 0) traces[trace] = isOf(trace) ? 2 : 1;
      if (sender === sentBy.tenant || (sender === sentBy.unbound && traces[trace] === 2)) pages[page] = 1;
    }
    return pages;
  }

  operations(rows: RowsOfPage): Iterable<{ service: string; operation: string; kind: number }> {
    return headOperations(this.reader, kept(rows));
  }

  rollup(rows: RowsOfPage, name: string): Rollup {
    if (this.lastRollup?.name !== name)
      this.lastRollup = { name, rollup: headRollup(this.reader, kept(rows)) };
    return this.lastRollup.rollup;
  }

  /** By origin, one of `sentBy`. */
  private senders(tenant: string): Uint8Array {
    const owners = ownersOf(this.reader.columns, this.reader.counts);
    return Uint8Array.from(owners, (pair) => {
      if (pair === 0) return sentBy.unbound;
      return this.reader.text(pair) === tenant ? sentBy.tenant : sentBy.another;
    });
  }
}

function kept(rows: RowsOfPage): (row: number) => boolean {
  return (row) => rows(Math.floor(row / rowsOfPage))?.[row % rowsOfPage] === 1;
}
