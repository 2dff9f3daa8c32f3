import type { SpanRecord } from "../../model.ts";
import type { AttributePlace, SpanField, ValueTest } from "../../query/condition.ts";
import type { TraceTable } from "../../trace-columns/table.ts";
import type {
  Marker,
  PageBounds,
  Segment,
  SegmentPage,
  SegmentTenants,
  TraceKey,
  TraceRows,
} from "../search/segment.ts";
import { attributeMarker, fieldMarker } from "./block-markers.ts";
import type { Block } from "./block.ts";
import { BlockTenants } from "./block-tenants.ts";
import { keyCounts, valueCounts, visitValues } from "./block-values.ts";
import { rowsOfPage, traceFact } from "./format.ts";
import { PageGatherer } from "./gather-page.ts";
import type { Rollup } from "./rollup.ts";
import type { BlockPage } from "./page.ts";
import { readRecords } from "./page-records.ts";

/** A sealed block as searches see it. */
export class BlockSegment implements Segment {
  readonly block: Block;
  readonly pages: readonly PageBounds[];
  readonly tenants: SegmentTenants;
  readonly countedKeys = new Map<string, number>();

  constructor(block: Block) {
    this.block = block;
    this.tenants = new BlockTenants(block);
    this.pages = block.directory.pages;
  }

  page(number: number): SegmentPage {
    return new BlockSegmentPage(this.block, this.block.page(number));
  }

  attribute(key: string, place: AttributePlace | undefined, test: ValueTest): Marker | undefined {
    return attributeMarker(this.block, key, place, test);
  }

  field(field: SpanField, test: ValueTest): Marker | undefined {
    return fieldMarker(this.block, field, test);
  }

  trace(id: TraceKey): TraceRows | undefined {
    const { block } = this;
    if (!block.mayHaveTrace(id)) return undefined;
    const trace = block.findTrace(id);
    if (trace === -1) return undefined;
    const { firstRow, starts, durations, facts } = block.traceTable();
    const firstStart = timeOf(starts, trace);
    return {
      pages: this.rows(firstRow[trace] ?? 0, firstRow[trace + 1] ?? 0),
      firstStart,
      lastEnd: firstStart + timeOf(durations, trace),
      hasError: (facts.get(trace) & traceFact.error) !== 0,
      isSlow: (facts.get(trace) & traceFact.slow) !== 0,
    };
  }

  spans({ pages }: Pick<TraceRows, "pages">): SpanRecord[] {
    return pages.flatMap(({ page, rows }) => {
      const decoded = this.block.page(page);
      const from = rows[0] ?? 0;
      return readRecords(decoded, from, from + rows.length, this.block.traceId(decoded.traceOf(from)));
    });
  }

  gather({ pages }: Pick<TraceRows, "pages">, into: TraceTable): void {
    const gatherer = new PageGatherer(into);
    for (const { page, rows } of pages) {
      const from = rows[0] ?? 0;
      gatherer.gather(this.block.page(page), from, from + rows.length);
    }
  }

  slowTraces(): string[] {
    const { facts } = this.block.traceTable();
    const slow: string[] = [];
    if (facts.constant !== undefined && (facts.constant & traceFact.slow) === 0) return slow;
    for (let trace = 0; trace < facts.length; trace++) {
      if ((facts.get(trace) & traceFact.slow) !== 0) slow.push(this.block.traceId(trace));
    }
    return slow;
  }

  *operations(): Iterable<{ service: string; operation: string; kind: number }> {
    yield* this.rollup().series;
  }

  rollup(): Rollup {
    return this.block.rollup();
  }

  keys(): Map<string, number | undefined> {
    return keyCounts(this.block.dictionary());
  }

  values(key: string, page: number, visit: (row: number, text: string) => void): void {
    visitValues(this.block, key, page, visit);
  }

  valueCounts(key: string): Map<string, number> | undefined {
    return valueCounts(this.block.dictionary(), key);
  }

  /** Copies were left out when the block was made. */
  outdated(): ReadonlySet<number> {
    return none;
  }

  /** Rows of the block by page; every page but the last is full. */
  private rows(from: number, to: number): TraceRows["pages"] {
    const pages: TraceRows["pages"] = [];
    const last = Math.min(Math.ceil(to / rowsOfPage), this.pages.length);
    for (let page = Math.floor(from / rowsOfPage); page < last; page++) {
      const start = page * rowsOfPage;
      const end = start + (this.pages[page]?.rows ?? 0);
      const rows: number[] = [];
      for (let row = Math.max(from, start); row < Math.min(to, end); row++) rows.push(row - start);
      pages.push({ page, rows });
    }
    return pages;
  }
}

const none: ReadonlySet<number> = new Set();

class BlockSegmentPage implements SegmentPage {
  readonly rows: number;
  readonly starts: Uint32Array;
  private readonly block: Block;
  private readonly page: BlockPage;

  constructor(block: Block, page: BlockPage) {
    this.block = block;
    this.page = page;
    this.rows = page.rows;
    this.starts = page.starts;
  }

  get durations(): Uint32Array {
    return this.page.durations;
  }

  traceOf(row: number): number {
    return this.page.traceOf(row);
  }

  traceId(trace: number): string {
    return this.block.traceId(trace);
  }

  spanKey(row: number): string {
    return this.page.spanKey(row);
  }
}

function timeOf(times: Uint32Array, at: number): bigint {
  return (BigInt(times[at * 2 + 1] ?? 0) << 32n) | BigInt(times[at * 2] ?? 0);
}
