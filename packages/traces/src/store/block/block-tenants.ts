import { ownerOf, serviceName, type SpanRecord } from "../../model.ts";
import { HeadReader } from "../head/head-reader.ts";
import { headRollup } from "../head/head-values.ts";
import { fieldColumn } from "../head/layout.ts";
import { tenantKey } from "../head/tenant-labels.ts";
import { type RowsOfPage, type SegmentTenants, sentBy } from "../search/segment.ts";
import type { Block } from "./block.ts";
import { visitValues } from "./block-values.ts";
import { rowsOfPage } from "./format.ts";
import { intoHeads } from "./into-heads.ts";
import { readRecords } from "./page-records.ts";
import type { Rollup } from "./rollup.ts";

/** What a sealed block knows of tenants. */
export class BlockTenants implements SegmentTenants {
  private readonly block: Block;

  constructor(block: Block) {
    this.block = block;
  }

  get identity(): object {
    return this.block;
  }

  labels(from: number, visit: (trace: number, tenant: string | undefined) => void): number {
    if (from > 0) return from;
    const known = this.block.traceTable().tenants;
    if (known === undefined) this.readLabels(visit);
    else if (known.texts.length > 0) {
      const { labels, texts } = known;
      for (let trace = 0; trace < labels.length; trace++) {
        const label = labels.get(trace);
        if (label !== 0) visit(trace, texts[label - 1]);
      }
    }
    return 1;
  }

  traceWords(trace: number, into: Uint32Array): void {
    this.block.traceWords(trace, into);
  }

  markSenders(tenant: string, page: number, rows: Uint8Array): void {
    const senders = this.senders(tenant);
    const { origins } = this.block.page(page);
    for (let row = 0; row < rows.length; row++) rows[row] = senders[origins.get(row)] ?? sentBy.another;
  }

  pages(tenant: string, isOf: (trace: number) => boolean): Uint8Array {
    const { block } = this;
    const pages = new Uint8Array(block.directory.pages.length);
    const { origins, pageShift } = block.dictionary();
    const senders = this.senders(tenant);
    let bits = 0;
    origins.forEach((origin, at) => {
      if (senders[at] === sentBy.tenant) bits |= origin.pages;
    });
    for (let page = 0; page < pages.length; page++)
      if ((bits & (1 << (page >> pageShift))) !== 0) pages[page] = 1;
    const { firstRow } = block.traceTable();
    for (let trace = 0; trace < block.directory.traces; trace++) {
      const from = Math.floor((firstRow[trace] ?? 0) / rowsOfPage);
      const to = Math.floor(((firstRow[trace + 1] ?? 1) - 1) / rowsOfPage);
      if (pages[from] === 1 && pages[to] === 1 && to - from < 2) continue;
      if (isOf(trace)) pages.fill(1, from, to + 1);
    }
    return pages;
  }

  *operations(rows: RowsOfPage): Iterable<{ service: string; operation: string; kind: number }> {
    const { origins } = this.block.dictionary();
    const services = origins.map(({ resource }) => serviceName(resource));
    const seen = new Set<string>();
    for (let number = 0; number < this.block.directory.pages.length; number++) {
      const asked = rows(number);
      if (asked === undefined) continue;
      const page = this.block.page(number);
      const names = page.spans.columns.get(fieldColumn.name);
      const texts = new Map<number, string>();
      for (let row = 0; row < page.rows; row++) {
        if (asked[row] !== 1) continue;
        const code = names?.get(row) ?? 0;
        let operation = texts.get(code);
        if (operation === undefined) texts.set(code, (operation = page.nameOf(code)));
        const service = services[page.origins.get(row)] ?? "";
        const kind = page.kindStatus.get(row) & 15;
        const name = `${kind} ${service.length} ${service}${operation}`;
        if (seen.size < seen.add(name).size) yield { service, operation, kind };
      }
    }
  }

  /** Counted as it was when the block was made, from the spans themselves. */
  rollup(rows: RowsOfPage, name: string): Rollup {
    return this.block.remembered(`rollup ${name}`, this.block.directory.rows * 4, () => {
      const all: Rollup = { series: [], edges: [] };
      intoHeads(this.spansOf(rows), (head) => {
        const { series, edges } = headRollup(new HeadReader(head.columns, head.counts));
        for (const one of series) all.series.push(one);
        for (const one of edges) all.edges.push(one);
      });
      return all;
    });
  }

  private *spansOf(rows: RowsOfPage): Generator<SpanRecord[]> {
    for (let number = 0; number < this.block.directory.pages.length; number++) {
      const asked = rows(number);
      if (asked === undefined) continue;
      const page = this.block.page(number);
      yield readRecords(page, 0, page.rows, "").flatMap((span, row) => {
        if (asked[row] !== 1) return [];
        span.traceId = this.block.traceId(page.traceOf(row));
        // Nothing of them is counted.
        span.events = [];
        span.links = [];
        return [span];
      });
    }
  }

  /** By origin, one of `sentBy`. */
  private senders(tenant: string): Uint8Array {
    const { origins } = this.block.dictionary();
    return this.block.remembered(`senders ${tenant}`, origins.length, () =>
      Uint8Array.from(origins, ({ resource }) => {
        const owner = ownerOf(resource);
        if (owner === undefined) return sentBy.unbound;
        return owner === tenant ? sentBy.tenant : sentBy.another;
      }),
    );
  }

  /** For blocks that do not have them written down. */
  private readLabels(visit: (trace: number, tenant: string) => void): void {
    const { block } = this;
    const { columns, origins } = block.dictionary();
    const isNamed =
      columns.some(({ key, keysAreInValues }) => key === tenantKey || keysAreInValues) ||
      origins.some(({ resource }) => resource.attributes.some(({ key }) => key === tenantKey));
    if (!isNamed) return;
    for (let number = 0; number < block.directory.pages.length; number++) {
      const page = block.page(number);
      visitValues(block, tenantKey, number, (row, text) => visit(page.traceOf(row), text));
    }
  }
}
