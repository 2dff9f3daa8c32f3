import type { SearchCursor, SpanQuery } from "../../query/reader.ts";
import type { Pace } from "./pace.ts";
import { conditionOf, prepareQuery } from "./prepare.ts";
import { withoutOutdated } from "./outdated.ts";
import { type Marker, type Segment, traceKey, type TraceRows } from "./segment.ts";
import { splitSlow } from "./slow-trace.ts";

/** So many slow traces are looked at one by one; with more of them, the newest matches are soon found among all traces. */
const slowTracesAtMost = 5_000;
/** Pages whose marks are kept. */
const marksAtMost = 64;

interface PageRef {
  segment: number;
  page: number;
  lastStart: bigint;
}

/** The newest traces with a match, by the start of their newest matching span, then by id. */
export async function searchTraces(
  segments: readonly Segment[],
  query: SpanQuery,
  pace: Pace,
): Promise<SearchCursor[]> {
  if (query.limit < 1) return [];
  const { wantsSlow, ofSpan } = splitSlow(query);
  const search = new Search(segments, ofSpan, wantsSlow, pace);
  return search.run();
}

class Search {
  private readonly segments: readonly Segment[];
  private readonly query: SpanQuery;
  private readonly wantsSlow: boolean | undefined;
  private readonly pace: Pace;
  private readonly markers: (Marker | "all" | "none")[];
  private readonly found: SearchCursor[] = [];
  private readonly seen = new Set<string>();
  private readonly marks = new Map<string, Uint8Array>();
  private readonly window: Window;

  constructor(segments: readonly Segment[], query: SpanQuery, wantsSlow: boolean | undefined, pace: Pace) {
    this.segments = segments;
    this.query = query;
    this.wantsSlow = wantsSlow;
    this.pace = pace;
    const condition = conditionOf(query);
    this.markers = segments.map((segment) => prepareQuery(segment, condition));
    this.window = new Window(query);
  }

  async run(): Promise<SearchCursor[]> {
    if (this.wantsSlow === true) {
      const slow = new Set(this.segments.flatMap((segment) => segment.slowTraces()));
      if (slow.size <= slowTracesAtMost) {
        for (const traceId of slow) {
          const pause = this.pace.step();
          if (pause !== undefined) await pause;
          this.consider(traceId);
        }
        return this.found;
      }
    }
    for (const { segment, page, lastStart } of this.pages()) {
      const worst = this.worst();
      if (worst !== undefined && lastStart < worst.start) break;
      await this.pace.step();
      await this.visit(segment, page);
    }
    return this.found;
  }

  /** Those that may hold a match, the one with the newest span first. */
  private pages(): PageRef[] {
    const refs: PageRef[] = [];
    const { startMin = 0n, durationMin = 0n } = this.query;
    const startMax = this.latest();
    this.segments.forEach(({ pages }, segment) => {
      const marker = this.markers[segment] ?? "none";
      if (marker === "none") return;
      pages.forEach(({ firstStart, lastStart, longest }, page) => {
        if (lastStart < startMin || firstStart > startMax || longest < durationMin) return;
        if (marker === "all" || marker.mayMatch(page)) refs.push({ segment, page, lastStart });
      });
    });
    return refs.sort((a, b) => (a.lastStart === b.lastStart ? 0 : a.lastStart < b.lastStart ? 1 : -1));
  }

  /** No match may start later: the window's end, or where the page before ended. */
  private latest(): bigint {
    const { startMax = 2n ** 64n - 1n, after } = this.query;
    return after !== undefined && after.start < startMax ? after.start : startMax;
  }

  private async visit(segmentNumber: number, pageNumber: number): Promise<void> {
    const segment = this.segments[segmentNumber];
    if (segment === undefined) return;
    const marks = this.marksOf(segmentNumber, pageNumber);
    // What filters let through may have no match: most of such a page is never read.
    if (!marks.includes(1)) return;
    const page = segment.page(pageNumber);
    const ids = new Map<number, string>();
    const idOf = (trace: number): string => {
      let id = ids.get(trace);
      if (id === undefined) ids.set(trace, (id = page.traceId(trace)));
      return id;
    };
    const newest = new Map<number, number>();
    const { starts } = page;
    const { after } = this.query;
    for (let row = 0; row < page.rows; row++) {
      if (marks[row] !== 1) continue;
      const trace = page.traceOf(row);
      // Its trace was in a page of answers before this one, unless this span does not count: then its older ones may.
      if (after !== undefined && !isBehind(after, timeOf(starts, row), () => idOf(trace))) continue;
      const known = newest.get(trace);
      if (known === undefined || isAfter(starts, row, known)) newest.set(trace, row);
    }
    const candidates = [...newest].sort(([one, a], [other, b]) =>
      isAfter(starts, a, b) ? -1 : isAfter(starts, b, a) ? 1 : idOf(one) < idOf(other) ? -1 : 1,
    );
    for (const [trace, row] of candidates) {
      const start = timeOf(starts, row);
      const worst = this.worst();
      if (worst !== undefined && start < worst.start) break;
      // Of many that start at once only those are looked at that come into the answer by their ids.
      if (worst !== undefined && start === worst.start && idOf(trace) > worst.traceId) break;
      const pause = this.pace.step();
      if (pause !== undefined) await pause;
      this.consider(idOf(trace));
    }
  }

  /** Takes a trace in by its newest match over all segments. */
  private consider(traceId: string): void {
    if (this.seen.has(traceId)) return;
    this.seen.add(traceId);
    const key = traceKey(traceId);
    const parts = withoutOutdated(
      this.segments,
      this.segments.map((segment) => segment.trace(key)),
    );
    let start = -1n;
    parts.forEach((rows, segment) => {
      if (rows === undefined) return;
      const newest = this.newestMatch(segment, rows);
      if (newest > start) start = newest;
    });
    if (start < 0n) return;
    const match = { start, traceId };
    const { after } = this.query;
    if (after !== undefined && !inOrder(after, match)) return;
    if (this.isWholeTraceAsked(parts)) this.insert(match);
  }

  private newestMatch(segmentNumber: number, { pages }: TraceRows): bigint {
    const segment = this.segments[segmentNumber];
    const marker = this.markers[segmentNumber] ?? "none";
    let newest = -1n;
    if (segment === undefined || marker === "none") return newest;
    for (const { page, rows } of pages) {
      if (marker !== "all" && !marker.mayMatch(page)) continue;
      const marks = this.marksOf(segmentNumber, page);
      const { starts } = segment.page(page);
      for (const row of rows) {
        if (marks[row] !== 1) continue;
        const start = timeOf(starts, row);
        if (start > newest) newest = start;
      }
    }
    return newest;
  }

  private isWholeTraceAsked(parts: readonly (TraceRows | undefined)[]): boolean {
    const { traceDurationMin, traceDurationMax } = this.query;
    let first = 2n ** 64n;
    let last = 0n;
    let isSlow = false;
    for (const part of parts) {
      if (part === undefined) continue;
      if (part.firstStart < first) first = part.firstStart;
      if (part.lastEnd > last) last = part.lastEnd;
      isSlow ||= part.isSlow;
    }
    const duration = last > first ? last - first : 0n;
    return (
      (this.wantsSlow === undefined || this.wantsSlow === isSlow) &&
      (traceDurationMin === undefined || duration >= traceDurationMin) &&
      (traceDurationMax === undefined || duration <= traceDurationMax)
    );
  }

  /** Rows that meet the conditions and the window. */
  private marksOf(segmentNumber: number, pageNumber: number): Uint8Array {
    const name = `${segmentNumber} ${pageNumber}`;
    const known = this.marks.get(name);
    if (known !== undefined) return known;
    const segment = this.segments[segmentNumber];
    const marker = this.markers[segmentNumber] ?? "none";
    const marks = new Uint8Array(segment?.pages[pageNumber]?.rows ?? 0);
    if (segment !== undefined && marker !== "none") {
      if (marker === "all") marks.fill(1);
      else marker.mark(pageNumber, marks);
      const bounds = segment.pages[pageNumber];
      if (bounds !== undefined && this.window.cuts(bounds) && marks.includes(1)) {
        const { starts, durations } = segment.page(pageNumber);
        for (let row = 0; row < marks.length; row++) {
          if (marks[row] === 1 && !this.window.holds(starts, durations, row)) marks[row] = 0;
        }
      }
    }
    if (this.marks.size >= marksAtMost) {
      const [oldest] = this.marks.keys();
      if (oldest !== undefined) this.marks.delete(oldest);
    }
    this.marks.set(name, marks);
    return marks;
  }

  private worst(): SearchCursor | undefined {
    return this.found[this.query.limit - 1];
  }

  private insert(match: SearchCursor): void {
    const { found } = this;
    let at = found.length;
    for (
      let before = found[at - 1];
      at > 0 && before !== undefined && inOrder(match, before);
      before = found[at - 1]
    )
      at--;
    found.splice(at, 0, match);
    if (found.length > this.query.limit) found.pop();
  }
}

/** Start and duration of a span, as two halves each. */
class Window {
  private readonly query: SpanQuery;
  private readonly limits: Uint32Array;
  private readonly asksDuration: boolean;

  constructor(query: SpanQuery) {
    const {
      startMin = 0n,
      startMax = 2n ** 64n - 1n,
      durationMin = 0n,
      durationMax = 2n ** 64n - 1n,
    } = query;
    this.query = query;
    this.asksDuration = query.durationMin !== undefined || query.durationMax !== undefined;
    this.limits = Uint32Array.from(
      [startMin, startMax, durationMin, durationMax].flatMap((limit) => {
        const clamped = limit < 0n ? 0n : limit > 2n ** 64n - 1n ? 2n ** 64n - 1n : limit;
        return [Number(clamped & 0xffff_ffffn), Number(clamped >> 32n)];
      }),
    );
  }

  /** Whether some row of a page with these bounds may be outside. */
  cuts({ firstStart, lastStart }: { firstStart: bigint; lastStart: bigint }): boolean {
    const { startMin, startMax } = this.query;
    return this.asksDuration || (startMin ?? 0n) > firstStart || (startMax ?? lastStart) < lastStart;
  }

  holds(starts: Uint32Array, durations: Uint32Array, row: number): boolean {
    const { limits } = this;
    return isBetween(starts, row, limits, 0) && (!this.asksDuration || isBetween(durations, row, limits, 4));
  }
}

function isBetween(times: Uint32Array, row: number, limits: Uint32Array, at: number): boolean {
  const low = times[row * 2] ?? 0;
  const high = times[row * 2 + 1] ?? 0;
  const minLow = limits[at] ?? 0;
  const minHigh = limits[at + 1] ?? 0;
  const maxLow = limits[at + 2] ?? 0;
  const maxHigh = limits[at + 3] ?? 0;
  return (
    (high > minHigh || (high === minHigh && low >= minLow)) &&
    (high < maxHigh || (high === maxHigh && low <= maxLow))
  );
}

/** Newest first, equal starts by trace id. */
function inOrder(a: SearchCursor, b: SearchCursor): boolean {
  return a.start > b.start || (a.start === b.start && a.traceId < b.traceId);
}

/** Whether a match at `start` comes after it; the id is asked for only where the starts are equal. */
function isBehind(cursor: SearchCursor, start: bigint, traceId: () => string): boolean {
  return start < cursor.start || (start === cursor.start && traceId() > cursor.traceId);
}

function isAfter(starts: Uint32Array, a: number, b: number): boolean {
  const high = (starts[a * 2 + 1] ?? 0) - (starts[b * 2 + 1] ?? 0);
  return high === 0 ? (starts[a * 2] ?? 0) > (starts[b * 2] ?? 0) : high > 0;
}

function timeOf(times: Uint32Array, at: number): bigint {
  return (BigInt(times[at * 2 + 1] ?? 0) << 32n) | BigInt(times[at * 2] ?? 0);
}
