import type { SpanRecord } from "../../model.ts";
import { serviceName } from "../../model.ts";
import { type AttributePlace, type SpanField, statusNames, type ValueTest } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import { rowsOfPage } from "../block/format.ts";
import { withoutCopies } from "../block/order.ts";
import type {
  Marker,
  PageBounds,
  Segment,
  SegmentPage,
  SegmentTenants,
  TraceKey,
  TraceRows,
} from "../search/segment.ts";
import type { TraceTable } from "../../trace-columns/table.ts";
import { numberTest, textMatcher, type ValueMatcher, valueMatcher } from "../search/value-test.ts";
import type { Rollup } from "../block/rollup.ts";
import { RowGatherer } from "./gather-rows.ts";
import { headKeys, visitHeadValues } from "./head-values.ts";
import { HeadCopies } from "./head-copies.ts";
import { HeadIndex } from "./head-index.ts";
import { durationOf, startOf, timeOf } from "./entries.ts";
import { HeadRollup } from "./head-rollup.ts";
import { HeadPage } from "./head-page.ts";
import { HeadTenants } from "./head-tenants.ts";
import { HeadReader } from "./head-reader.ts";
import { type Counts, fieldColumn, type HeadColumns, place as places } from "./layout.ts";
import { slowPairs } from "./slow-pairs.ts";

/** With more values than so many, pages are looked through without asking which of them they have. */
const lookedUpAtMost = 1_000;

/** What segments of one head found out, each for those after it. */
export interface HeadFound {
  index: HeadIndex;
  rollup: HeadRollup;
  copies: HeadCopies;
}

export function nothingFound(columns: HeadColumns): HeadFound {
  const copies = new HeadCopies(columns);
  return { index: new HeadIndex(columns), rollup: new HeadRollup(columns, copies), copies };
}

/** The head, as far as it was committed when this was made: rows as they came, in pages. */
export class HeadSegment implements Segment {
  readonly pages: readonly PageBounds[];
  readonly reader: HeadReader;
  private readonly columns: HeadColumns;
  readonly counts: Readonly<Counts>;
  readonly tenants: SegmentTenants;
  private readonly rollups: HeadRollup;
  private readonly copies: HeadCopies;
  private lazySlow: Set<number> | undefined;

  constructor(
    columns: HeadColumns,
    counts: Readonly<Counts> = columns.committed(),
    found = nothingFound(columns),
  ) {
    this.columns = columns;
    this.counts = counts;
    this.reader = new HeadReader(columns, counts, found.index);
    this.tenants = new HeadTenants(this.reader);
    this.rollups = found.rollup;
    this.copies = found.copies;
    this.pages = found.index.bounds(counts);
  }

  page(number: number): SegmentPage {
    return new HeadPage(this.reader, number * rowsOfPage, this.pages[number]?.rows ?? 0);
  }

  attribute(key: string, place: AttributePlace | undefined, test: ValueTest): Marker | undefined {
    const asked = this.askedColumns(key, place);
    if (asked.size === 0) return undefined;
    const found = this.pairsThat(valueMatcher(test), asked);
    if (found.length === 0) return undefined;
    const hits = this.marked(found);
    const origins = this.originsThat((words) => words.some((pair) => hits[pair] === 1));
    const { attrs, attrEnd, eventEnd, eventAttrs, eventAttrEnd, linkEnd, linkAttrs, linkAttrEnd, origin } =
      this.columns;
    const hasHit = (list: Int32Array, from: number, to: number): boolean => {
      for (let at = from; at < to; at++) if (hits[list[at] ?? 0] === 1) return true;
      return false;
    };
    const ofEntries = (ends: Int32Array, entryEnds: Int32Array, list: Int32Array, row: number): boolean => {
      const from = startOf(ends, row);
      const to = ends[row] ?? 0;
      return to > from && hasHit(list, startOf(entryEnds, from), entryEnds[to - 1] ?? 0);
    };
    return this.marker(
      (row) =>
        origins[origin[row] ?? 0] === 1 ||
        hasHit(attrs, startOf(attrEnd, row), attrEnd[row] ?? 0) ||
        ofEntries(eventEnd, eventAttrEnd, eventAttrs, row) ||
        ofEntries(linkEnd, linkAttrEnd, linkAttrs, row),
      found,
      origins,
    );
  }

  field(field: SpanField, test: ValueTest): Marker | undefined {
    const { columns, reader } = this;
    switch (field) {
      case "name":
        return this.textMarker(fieldColumn.name, columns.name, valueMatcher(test), true);
      case "statusMessage":
        return this.textMarker(fieldColumn.message, columns.message, valueMatcher(test), false);
      case "traceState":
        return this.textMarker(fieldColumn.state, columns.state, valueMatcher(test), false);
      case "event": {
        const found = this.pairsThat(valueMatcher(test), [fieldColumn.eventName]);
        if (found.length === 0) return undefined;
        const hits = this.marked(found);
        const { eventEnd, eventName } = columns;
        return this.marker((row) => {
          for (let event = startOf(eventEnd, row); event < (eventEnd[row] ?? 0); event++) {
            const pair = eventName[event] ?? 0;
            if (pair !== 0 && hits[pair] === 1) return true;
          }
          return false;
        }, found);
      }
      case "service":
      case "scopeName":
      case "scopeVersion": {
        const matches = textMatcher(test);
        const hits = Uint8Array.from({ length: this.counts.origins }, (_, origin) => {
          const { resource, scope } = reader.originOf(origin);
          const text =
            field === "service" ? serviceName(resource) : field === "scopeName" ? scope.name : scope.version;
          return text !== "" && matches(text) ? 1 : 0;
        });
        return hits.includes(1)
          ? this.marker((row) => hits[columns.origin[row] ?? 0] === 1, [], hits)
          : undefined;
      }
      case "kind": {
        const matches = textMatcher(test);
        const hits = Object.values(kindNames).map((name) => matches(name));
        return this.marker((row) => hits[(columns.kindStatus[row] ?? 0) & 15] === true);
      }
      case "status": {
        const matches = textMatcher(test);
        const hits = Object.values(statusNames).map((name) => matches(name));
        return this.marker((row) => hits[(columns.kindStatus[row] ?? 0) >> 4] === true);
      }
      case "duration": {
        const matches = numberTest(test);
        return this.marker((row) => {
          const [low, high] = durationOf(columns.start, columns.end, row);
          return matches(high * 0x1_0000_0000 + low);
        });
      }
    }
  }

  trace(id: TraceKey): TraceRows | undefined {
    const { columns } = this;
    const rows = withoutCopies(columns, this.reader.owners, this.reader.rowsOf(id.words));
    if (rows.length === 0) return undefined;
    this.lazySlow ??= slowPairs(this.reader);
    const slow = this.lazySlow;
    let firstStart = 2n ** 64n;
    let lastEnd = 0n;
    let hasError = false;
    let isSlow = false;
    const byPage = new Map<number, number[]>();
    for (const row of rows.reverse()) {
      const start = timeOf(columns.start, row);
      const end = timeOf(columns.end, row);
      if (start < firstStart) firstStart = start;
      if (end > lastEnd) lastEnd = end;
      hasError ||= (columns.kindStatus[row] ?? 0) >> 4 === 2;
      for (let at = startOf(columns.attrEnd, row); slow.size > 0 && at < (columns.attrEnd[row] ?? 0); at++) {
        isSlow ||= slow.has(columns.attrs[at] ?? 0);
      }
      const page = Math.floor(row / rowsOfPage);
      const list = byPage.get(page) ?? [];
      list.push(row - page * rowsOfPage);
      byPage.set(page, list);
    }
    return {
      pages: Array.from(byPage, ([page, list]) => ({ page, rows: list })),
      firstStart,
      lastEnd: lastEnd > firstStart ? lastEnd : firstStart,
      hasError,
      isSlow,
    };
  }

  slowTraces(): string[] {
    this.lazySlow ??= slowPairs(this.reader);
    const slow = this.lazySlow;
    const traces = new Set<number>();
    if (slow.size === 0) return [];
    const { attrs, attrEnd, trace } = this.columns;
    for (let row = 0, at = 0; row < this.counts.rows; row++) {
      for (const to = attrEnd[row] ?? 0; at < to; at++)
        if (slow.has(attrs[at] ?? 0)) traces.add(trace[row] ?? 0);
    }
    return Array.from(traces, (number) => this.reader.traceId(number));
  }

  operations(): Iterable<{ service: string; operation: string; kind: number }> {
    return this.rollup().series;
  }

  rollup(): Rollup {
    return this.rollups.upTo(this.reader);
  }

  keys(): Map<string, number | undefined> {
    return headKeys(this.reader);
  }

  values(key: string, page: number, visit: (row: number, text: string) => void): void {
    const from = page * rowsOfPage;
    const to = from + (this.pages[page]?.rows ?? 0);
    visitHeadValues(this.reader, key, from, to, (row, text) => visit(row - from, text));
  }

  valueCounts(): undefined {
    return undefined;
  }

  outdated(page: number, counts: (page: number, row: number) => boolean = () => true): ReadonlySet<number> {
    return this.copies.outdated(this.reader, page, (row) =>
      counts(Math.floor(row / rowsOfPage), row % rowsOfPage),
    );
  }

  gather({ pages }: Pick<TraceRows, "pages">, into: TraceTable): void {
    const gatherer = new RowGatherer(this.reader, into);
    for (const { page, rows } of pages) for (const row of rows) gatherer.gather(page * rowsOfPage + row);
  }

  spans({ pages }: Pick<TraceRows, "pages">): SpanRecord[] {
    return pages.flatMap(({ page, rows }) => rows.map((row) => this.reader.span(page * rowsOfPage + row)));
  }

  /** `pairs`, `origins`: one of these a row must refer to; neither: any row may be meant. */
  private marker(test: (row: number) => boolean, pairs?: readonly number[], origins?: Uint8Array): Marker {
    const { index } = this.reader;
    const fullPages = Math.floor(this.counts.rows / rowsOfPage);
    const hitOrigins = [...(origins ?? []).keys()].filter((origin) => origins?.[origin] === 1);
    const isSelective = pairs !== undefined && pairs.length + hitOrigins.length <= lookedUpAtMost;
    return {
      mayMatch: (page) => !isSelective || page >= fullPages || index.isUsed(page, pairs, hitOrigins),
      mark: (page, rows) => {
        const from = page * rowsOfPage;
        const count = this.pages[page]?.rows ?? 0;
        for (let row = 0; row < count; row++) if (test(from + row)) rows[row] = 1;
      },
    };
  }

  private textMarker(
    column: number,
    pairs: Int32Array,
    matches: ValueMatcher,
    mayBeEmpty: boolean,
  ): Marker | undefined {
    const found = this.pairsThat(matches, [column]);
    if (mayBeEmpty && matches(Buffer.from([1]), 0, 1)) found.push(0);
    if (found.length === 0) return undefined;
    const hits = this.marked(found);
    return this.marker((row) => hits[pairs[row] ?? 0] === 1, found);
  }

  private askedColumns(key: string, place: AttributePlace | undefined): Set<number> {
    const asked = new Set<number>();
    for (let column = 0; column < this.counts.columns; column++) {
      const at = this.columns.columnPlace[column];
      if (at === places.field || (place !== undefined && at !== places[place])) continue;
      if (this.reader.key(column) === key) asked.add(column);
    }
    return asked;
  }

  private pairsThat(matches: ValueMatcher, asked: Iterable<number>): number[] {
    const { pairEnd, valueBytes } = this.columns;
    const found: number[] = [];
    for (const column of asked) {
      for (const pair of this.reader.pairsOfColumn(column)) {
        if (pair >= this.counts.pairs) break;
        if (matches(valueBytes, startOf(pairEnd, pair), pairEnd[pair] ?? 0)) found.push(pair);
      }
    }
    return found;
  }

  /** 1 for each. */
  private marked(pairs: readonly number[]): Uint8Array {
    const hits = new Uint8Array(this.counts.pairs);
    for (const pair of pairs) hits[pair] = 1;
    return hits;
  }

  private originsThat(test: (pairs: Int32Array) => boolean): Uint8Array {
    const { originWords } = this.columns;
    return Uint8Array.from({ length: this.counts.origins }, (_, origin) => {
      // The words before the attributes are counts and fields' pairs, which no attribute has.
      const resource = this.reader.wordsOf(originWords[origin * 4] ?? 0).subarray(1);
      const scope = this.reader.wordsOf(originWords[origin * 4 + 2] ?? 0).subarray(3);
      return test(resource) || test(scope) ? 1 : 0;
    });
  }
}
