import { setImmediate as nextTurn } from "node:timers/promises";
import type { SpanKind, SpanRecord } from "../model.ts";
import type { SpanQuery, SpanReader } from "../query/reader.ts";
import { decodeSpan } from "./batch-encoding.ts";
import { type IndexedSpan, type IndexedTrace, SegmentIndex } from "./segment-index.ts";
import { completeSlow, isSlow, splitSlow } from "./slow-trace.ts";
import { meetsNames, queryTerms } from "./span-terms.ts";

/** How many spans a search decodes before it lets other work of the thread go on. */
const spansPerTurn = 2_000;

/**
 * The spans of all live segments, rebuilt from the write-ahead log at start. `add` makes a batch visible at once and as
 * a whole. Copies of a span (same trace, span id and kind) count once, the latest received wins; equal ids of different
 * kinds are two spans (Zipkin's shared spans).
 */
export class MemoryIndex implements SpanReader {
  private readonly segments = new Map<number, SegmentIndex>();
  private batches = 0;

  add(segmentId: number, bytes: Uint8Array, spans?: readonly SpanRecord[]): void {
    let segment = this.segments.get(segmentId);
    if (segment === undefined) {
      segment = new SegmentIndex();
      this.segments.set(segmentId, segment);
    }
    segment.add(this.batches++, bytes, spans);
  }

  drop(segmentId: number): void {
    this.segments.delete(segmentId);
  }

  /** Spans and bytes held, resent copies included. */
  size(): { spans: number; bytes: number } {
    const total = { spans: 0, bytes: 0 };
    for (const { spanCount, bytes } of this.segments.values()) {
      total.spans += spanCount;
      total.bytes += bytes;
    }
    return total;
  }

  async traces(traceIds: readonly string[]): Promise<SpanRecord[][]> {
    return this.decode(new Set(traceIds));
  }

  async search(query: SpanQuery): Promise<SpanRecord[][]> {
    if (query.limit < 1) return [];
    return this.decode(await this.find(query));
  }

  async services(): Promise<string[]> {
    const names = new Set<string>();
    for (const { services } of this.segments.values()) for (const name of services.keys()) names.add(name);
    return [...names].sort();
  }

  async operations(service: string): Promise<{ name: string; kind: SpanKind }[]> {
    const merged = new Map<string, Set<SpanKind>>();
    for (const segment of this.segments.values()) {
      for (const [name, kinds] of segment.services.get(service) ?? []) {
        const known = merged.get(name) ?? new Set();
        for (const kind of kinds) known.add(kind);
        merged.set(name, known);
      }
    }
    return [...merged.entries()]
      .sort(([a], [b]) => compare(a, b))
      .flatMap(([name, kinds]) => [...kinds].sort((a, b) => a - b).map((kind) => ({ name, kind })));
  }

  /**
   * Ids of the newest matching traces. Candidates are visited by their newest span, which is never older than their
   * newest match: once `limit` matches are newer than the next candidate, nothing better can follow.
   */
  private async find(query: SpanQuery): Promise<string[]> {
    const batches = this.batches;
    const found: Match[] = [];
    let decoded = 0;
    const { wantsSlow, ofSpan } = splitSlow(query);
    // The span that says so may stand in another segment than the one that matches: only alone does the tag narrow the search.
    for (const candidate of this.candidates(queryTerms(ofSpan).length === 0 ? query : ofSpan)) {
      const worst = found[query.limit - 1];
      if (worst !== undefined && candidate.newestStart < worst.start) break;
      const spans = this.spansOf(candidate.traceId).filter((span) => span.batch < batches);
      const start = newestMatch(spans, ofSpan);
      const isFound =
        start !== undefined &&
        (wantsSlow === undefined || wantsSlow === isSlow(spans.map(({ encoded }) => decodeSpan(encoded))));
      if (isFound) insert(found, { traceId: candidate.traceId, start }, query.limit);
      decoded += spans.length;
      if (decoded < spansPerTurn) continue;
      decoded = 0;
      await nextTurn();
    }
    return found.map((match) => match.traceId);
  }

  /** Traces that may match, the one with the newest span first. */
  private candidates(query: SpanQuery): Candidate[] {
    const newest = new Map<string, bigint>();
    const { startMin, startMax } = query;
    for (const segment of this.segments.values()) {
      for (const { traceId, newestStart, oldestStart } of shortestList(segment, query)) {
        if (startMin !== undefined && newestStart < startMin) continue;
        if (startMax !== undefined && oldestStart > startMax) continue;
        const known = newest.get(traceId);
        if (known === undefined || newestStart > known) newest.set(traceId, newestStart);
      }
    }
    return Array.from(newest, ([traceId, newestStart]) => ({ traceId, newestStart })).sort((a, b) =>
      compare(b.newestStart, a.newestStart),
    );
  }

  /** The spans of a trace from every segment, copies once; in the order first received. */
  private spansOf(traceId: string): IndexedSpan[] {
    const latest = new Map<string, IndexedSpan>();
    for (const segment of this.segments.values()) {
      for (const span of segment.traces.get(traceId)?.spans ?? []) {
        latest.set(`${span.spanId} ${span.kind}`, span);
      }
    }
    return [...latest.values()];
  }

  /** In one turn of the thread, so that no answer holds half a batch. */
  private decode(traceIds: Iterable<string>): SpanRecord[][] {
    const traces: SpanRecord[][] = [];
    for (const traceId of traceIds) {
      const spans = this.spansOf(traceId);
      if (spans.length > 0) traces.push(completeSlow(spans.map((span) => decodeSpan(span.encoded))));
    }
    return traces;
  }
}

interface Candidate {
  traceId: string;
  newestStart: bigint;
}

interface Match {
  traceId: string;
  /** Of its newest matching span. */
  start: bigint;
}

/** All of the segment's traces, or the shortest list of those that have one of the query's terms. */
function shortestList(segment: SegmentIndex, query: SpanQuery): Iterable<IndexedTrace> {
  const lists = queryTerms(query).map((term) => segment.tracesWith(term));
  const [shortest] = lists.sort((a, b) => a.length - b.length);
  return shortest ?? segment.traces.values();
}

function newestMatch(spans: readonly IndexedSpan[], query: SpanQuery): bigint | undefined {
  const newestFirst = spans
    .filter((span) => meetsTimes(span, query))
    .sort((a, b) => compare(b.startUnixNano, a.startUnixNano));
  return newestFirst.find((span) => meetsNames(decodeSpan(span.encoded), query))?.startUnixNano;
}

function meetsTimes({ startUnixNano, endUnixNano }: IndexedSpan, query: SpanQuery): boolean {
  const { startMin, startMax, durationMin, durationMax } = query;
  const duration = endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n;
  return (
    (startMin === undefined || startUnixNano >= startMin) &&
    (startMax === undefined || startUnixNano <= startMax) &&
    (durationMin === undefined || duration >= durationMin) &&
    (durationMax === undefined || duration <= durationMax)
  );
}

/** Keeps `found` sorted, newest first, equal starts by trace id, and no longer than `limit`. */
function insert(found: Match[], match: Match, limit: number): void {
  let at = found.length;
  while (at > 0) {
    const before = found[at - 1];
    if (before === undefined || inOrder(before, match)) break;
    at--;
  }
  found.splice(at, 0, match);
  if (found.length > limit) found.pop();
}

function inOrder(a: Match, b: Match): boolean {
  return a.start > b.start || (a.start === b.start && a.traceId < b.traceId);
}

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
