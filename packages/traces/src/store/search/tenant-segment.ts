import type { SpanRecord } from "../../model.ts";
import type { AttributePlace, SpanField, ValueTest } from "../../query/condition.ts";
import type { TraceTable } from "../../trace-columns/table.ts";
import type { Rollup } from "../block/rollup.ts";
import { mix } from "../hash.ts";
import { severalTenants, tenantKey } from "../head/tenant-labels.ts";
import {
  type Marker,
  type PageBounds,
  type Segment,
  type SegmentPage,
  type SegmentTenants,
  sentBy,
  type TraceKey,
  type TraceRows,
} from "./segment.ts";
import { factsOf } from "./trace-facts.ts";
import type { TraceTenants } from "./trace-tenants.ts";

const pagesAtMost = 256;

/**
 * What one tenant sees of a segment, for one query: spans that its own tokens sent, and spans of trusted senders in traces that these say
 * are the tenant's. In a trace that they say is several tenants', each sees the spans that name it alone. Whatever is read of a segment
 * goes through here, so no answer can hold more.
 */
export class TenantSegment implements Segment {
  readonly pages: readonly PageBounds[];
  readonly mask: Marker;
  private readonly inner: Segment;
  private readonly tenant: string;
  private readonly traces: TraceTenants;
  private readonly number: number;
  private readonly marks = new Map<number, Uint8Array>();
  private readonly words = new Uint32Array(4);
  private lazyOwn: Marker | "none" | undefined;
  private lazyOthers: Marker | "none" | undefined;

  constructor(inner: Segment, tenant: string, traces: TraceTenants) {
    this.inner = inner;
    this.tenant = tenant;
    this.traces = traces;
    this.number = traces.numberOf(tenant);
    this.pages = inner.pages;
    // A trace by its id needs to look at no other.
    let pages: Uint8Array | undefined;
    const mayMatch = (page: number): boolean =>
      (pages ??= inner.tenants.pages(tenant, (trace) => this.labelOf(trace) !== 0))[page] === 1;
    this.mask = {
      mayMatch,
      mark: (page, rows) => {
        if (!mayMatch(page)) return;
        const visible = this.visible(page);
        for (let row = 0; row < rows.length; row++) if (visible[row] === 1) rows[row] = 1;
      },
    };
  }

  get tenants(): SegmentTenants {
    return this.inner.tenants;
  }

  page(number: number): SegmentPage {
    return this.inner.page(number);
  }

  attribute(key: string, place: AttributePlace | undefined, test: ValueTest): Marker | undefined {
    return this.masked(this.inner.attribute(key, place, test));
  }

  field(field: SpanField, test: ValueTest): Marker | undefined {
    return this.masked(this.inner.field(field, test));
  }

  trace(id: TraceKey): TraceRows | undefined {
    const whole = this.inner.trace(id);
    if (whole === undefined) return undefined;
    let isCut = false;
    const pages: { page: number; rows: number[] }[] = [];
    for (const { page, rows } of whole.pages) {
      const visible = this.visible(page);
      let run: number[] = [];
      for (const row of rows) {
        if (visible[row] !== 1) {
          isCut = true;
          continue;
        }
        // Blocks read rows that follow each other.
        if (run.length === 0 || run.at(-1) !== row - 1) pages.push({ page, rows: (run = []) });
        run.push(row);
      }
    }
    if (pages.length === 0) return undefined;
    return isCut ? factsOf(pages, this.inner.spans({ pages })) : whole;
  }

  slowTraces(): string[] {
    return this.inner.slowTraces();
  }

  operations(): Iterable<{ service: string; operation: string; kind: number }> {
    return this.inner.tenants.operations((page) => this.visibleOn(page));
  }

  rollup(): Rollup {
    let seen = 0;
    let hidden = 0;
    let print = 0;
    this.pages.forEach(({ rows }, page) => {
      const visible = this.visibleOn(page);
      if (visible === undefined) {
        hidden += rows;
        return;
      }
      for (let row = 0; row < rows; row++) {
        if (visible[row] === 1) seen++;
        else hidden++;
        print = mix(print ^ ((visible[row] ?? 0) + row * 2 + page * 8_192));
      }
    });
    if (seen === 0) return { series: [], edges: [] };
    if (hidden === 0) return this.inner.rollup();
    return this.inner.tenants.rollup((page) => this.visibleOn(page), `${this.tenant} ${seen} ${print}`);
  }

  keys(): Map<string, number | undefined> {
    return new Map(Array.from(this.inner.keys().keys(), (key) => [key, undefined]));
  }

  values(key: string, page: number, visit: (row: number, text: string) => void): void {
    const visible = this.visibleOn(page);
    if (visible === undefined) return;
    this.inner.values(key, page, (row, text) => {
      if (visible[row] === 1) visit(row, text);
    });
  }

  valueCounts(): undefined {
    return undefined;
  }

  outdated(page: number): ReadonlySet<number> {
    return this.inner.outdated(page, (other, row) => this.visibleOn(other)?.[row] === 1);
  }

  spans(rows: Pick<TraceRows, "pages">): SpanRecord[] {
    return this.inner.spans(rows);
  }

  gather(rows: Pick<TraceRows, "pages">, into: TraceTable): void {
    this.inner.gather(rows, into);
  }

  /** undefined where the tenant sees nothing of a page. */
  private visibleOn(page: number): Uint8Array | undefined {
    return this.mask.mayMatch(page) ? this.visible(page) : undefined;
  }

  /** 1 for each row of a page that the tenant sees. */
  private visible(number: number): Uint8Array {
    const known = this.marks.get(number);
    if (known !== undefined) return known;
    const page = this.inner.page(number);
    const marks = new Uint8Array(page.rows);
    this.inner.tenants.markSenders(this.tenant, number, marks);
    let trace = -1;
    let label = 0;
    let named: { own: Uint8Array; others: Uint8Array } | undefined;
    for (let row = 0; row < marks.length; row++) {
      if (marks[row] !== sentBy.unbound) {
        marks[row] = marks[row] === sentBy.tenant ? 1 : 0;
        continue;
      }
      const own = page.traceOf(row);
      if (own !== trace) label = this.labelOf((trace = own));
      if (label === severalTenants) {
        named ??= this.named(number, marks.length);
        marks[row] = named.own[row] === 1 && named.others[row] !== 1 ? 1 : 0;
      } else marks[row] = label === 0 ? 0 : 1;
    }
    if (this.marks.size >= pagesAtMost) this.marks.clear();
    this.marks.set(number, marks);
    return marks;
  }

  /** The tenant's number or `severalTenants`; 0 where the trace is not the tenant's. */
  private labelOf(trace: number): number {
    this.inner.tenants.traceWords(trace, this.words);
    const label = this.traces.labelOf(this.words);
    return label === this.number || label === severalTenants ? label : 0;
  }

  /** Rows that name the tenant, and rows that name another. */
  private named(page: number, rows: number): { own: Uint8Array; others: Uint8Array } {
    this.lazyOwn ??= this.naming({ is: "=", text: this.tenant });
    this.lazyOthers ??= this.naming({ is: "!=", text: this.tenant });
    const marked = (marker: Marker | "none"): Uint8Array => {
      const marks = new Uint8Array(rows);
      if (marker !== "none" && marker.mayMatch(page)) marker.mark(page, marks);
      return marks;
    };
    return { own: marked(this.lazyOwn), others: marked(this.lazyOthers) };
  }

  private naming(test: ValueTest): Marker | "none" {
    const markers = (["span", "resource"] as const)
      .map((place) => this.inner.attribute(tenantKey, place, test))
      .filter((marker) => marker !== undefined);
    if (markers.length === 0) return "none";
    return {
      mayMatch: (page) => markers.some((marker) => marker.mayMatch(page)),
      mark: (page, rows) => {
        for (const marker of markers) if (marker.mayMatch(page)) marker.mark(page, rows);
      },
    };
  }

  private masked(marker: Marker | undefined): Marker | undefined {
    if (marker === undefined) return undefined;
    return {
      mayMatch: (page) => this.mask.mayMatch(page) && marker.mayMatch(page),
      mark: (page, rows) => {
        const visible = this.visibleOn(page);
        if (visible === undefined) return;
        const own = new Uint8Array(rows.length);
        marker.mark(page, own);
        for (let row = 0; row < rows.length; row++) if (own[row] === 1 && visible[row] === 1) rows[row] = 1;
      },
    };
  }
}
