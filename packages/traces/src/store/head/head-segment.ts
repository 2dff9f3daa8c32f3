import type { SpanRecord } from "../../model.ts";
import { serviceName } from "../../model.ts";
import { type AttributePlace, type SpanField, statusNames, type ValueTest } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import { rowsOfPage } from "../block/format.ts";
import { durationOf } from "../block/make-rollup.ts";
import type {
  Marker,
  PageBounds,
  Segment,
  SegmentPage,
  SegmentTenants,
  TraceKey,
  TraceRows,
} from "../search/segment.ts";
import { numberTest, textMatcher, type ValueMatcher, valueMatcher } from "../search/value-test.ts";
import type { Rollup } from "../block/rollup.ts";
import { headKeys, headOperations, headRollup, visitHeadValues } from "./head-values.ts";
import { HeadTenants } from "./head-tenants.ts";
import { HeadReader, startOf, timeOf } from "./head-reader.ts";
import { type Counts, fieldColumn, type HeadColumns, place as places } from "./layout.ts";
import { slowPairs } from "./slow-pairs.ts";

/** The head, as far as it was committed when this was made: rows as they came, in pages. */
export class HeadSegment implements Segment {
  readonly pages: readonly PageBounds[];
  readonly reader: HeadReader;
  private readonly columns: HeadColumns;
  readonly counts: Readonly<Counts>;
  readonly tenants: SegmentTenants;
  private lazySlow: Set<number> | undefined;
  private lazyRollup: Rollup | undefined;

  constructor(columns: HeadColumns, counts: Readonly<Counts> = columns.committed()) {
    this.columns = columns;
    this.counts = counts;
    this.reader = new HeadReader(columns, counts);
    this.tenants = new HeadTenants(this.reader);
    this.pages = Array.from({ length: Math.ceil(counts.rows / rowsOfPage) }, (_, page) => this.bounds(page));
  }

  page(number: number): SegmentPage {
    const from = number * rowsOfPage;
    const rows = this.pages[number]?.rows ?? 0;
    const { columns, reader } = this;
    const durations = new Uint32Array(rows * 2);
    for (let row = 0; row < rows; row++) {
      const [low, high] = durationOf(columns.start, columns.end, from + row);
      durations[row * 2] = low;
      durations[row * 2 + 1] = high;
    }
    return {
      rows,
      starts: columns.start.subarray(from * 2, (from + rows) * 2),
      durations,
      traceOf: (row) => columns.trace[from + row] ?? 0,
      traceId: (trace) => reader.traceId(trace),
    };
  }

  attribute(key: string, place: AttributePlace | undefined, test: ValueTest): Marker | undefined {
    const asked = this.askedColumns(key, place);
    if (asked.size === 0) return undefined;
    const hits = this.pairsThat(valueMatcher(test), (column) => asked.has(column));
    if (hits === undefined) return undefined;
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
        const hits = this.pairsThat(valueMatcher(test), (column) => column === fieldColumn.eventName);
        if (hits === undefined) return undefined;
        const { eventEnd, eventName } = columns;
        return this.marker((row) => {
          for (let event = startOf(eventEnd, row); event < (eventEnd[row] ?? 0); event++) {
            const pair = eventName[event] ?? 0;
            if (pair !== 0 && hits[pair] === 1) return true;
          }
          return false;
        });
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
        return hits.includes(1) ? this.marker((row) => hits[columns.origin[row] ?? 0] === 1) : undefined;
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
    const rows = this.reader.rowsOf(id.words);
    if (rows.length === 0) return undefined;
    const { columns } = this;
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
    return headOperations(this.reader);
  }

  rollup(): Rollup {
    this.lazyRollup ??= headRollup(this.reader);
    return this.lazyRollup;
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

  spans({ pages }: TraceRows): SpanRecord[] {
    return pages.flatMap(({ page, rows }) => rows.map((row) => this.reader.span(page * rowsOfPage + row)));
  }

  private bounds(page: number): PageBounds {
    const { start, end } = this.columns;
    const from = page * rowsOfPage;
    const to = Math.min(from + rowsOfPage, this.counts.rows);
    let first = [0xffff_ffff, 0xffff_ffff];
    let last = [0, 0];
    let longest = [0, 0];
    const isLess = (a: readonly number[], b: readonly number[]): boolean =>
      (a[1] ?? 0) < (b[1] ?? 0) || (a[1] === b[1] && (a[0] ?? 0) < (b[0] ?? 0));
    for (let row = from; row < to; row++) {
      const time = [start[row * 2] ?? 0, start[row * 2 + 1] ?? 0];
      if (isLess(time, first)) first = time;
      if (isLess(last, time)) last = time;
      const duration = durationOf(start, end, row);
      if (isLess(longest, duration)) longest = duration;
    }
    const [firstStart = 0n, lastStart = 0n, longestNs = 0n] = [first, last, longest].map(
      ([low = 0, high = 0]) => (BigInt(high) << 32n) | BigInt(low),
    );
    return { rows: to - from, firstStart, lastStart, longest: longestNs };
  }

  private marker(test: (row: number) => boolean): Marker {
    return {
      mayMatch: () => true,
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
    const hits = this.pairsThat(matches, (other) => other === column) ?? new Uint8Array(1);
    const empty = Buffer.from([1]);
    hits[0] = mayBeEmpty && matches(empty, 0, 1) ? 1 : 0;
    return hits.includes(1) ? this.marker((row) => hits[pairs[row] ?? 0] === 1) : undefined;
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

  /** 1 for each pair that matches; undefined where none does. */
  private pairsThat(matches: ValueMatcher, isAsked: (column: number) => boolean): Uint8Array | undefined {
    const { pairColumn, pairEnd, valueBytes } = this.columns;
    const asked = Uint8Array.from({ length: this.counts.columns }, (_, column) => (isAsked(column) ? 1 : 0));
    const hits = new Uint8Array(this.counts.pairs);
    let found = false;
    for (let pair = 1; pair < this.counts.pairs; pair++) {
      if (asked[pairColumn[pair] ?? 0] !== 1) continue;
      if (!matches(valueBytes, startOf(pairEnd, pair), pairEnd[pair] ?? 0)) continue;
      hits[pair] = 1;
      found = true;
    }
    return found ? hits : undefined;
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
