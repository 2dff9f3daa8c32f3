import type { SpanKind } from "../../model.ts";
import type { MinuteWindow, RedMinute, RedQuery, RedSeries, ServiceEdge } from "../../query/reader.ts";
import { newHistogram, quantilesOf } from "../block/histogram.ts";
import type { Edge, Rollup, Series } from "../block/rollup.ts";
import type { Pace } from "./pace.ts";
import type { Segment } from "./segment.ts";

const nsOfMinute = 60_000_000_000n;

interface Sum {
  spans: number;
  errors: number;
  durationSumNs: number;
  parts: Series[];
}

interface EdgeSum {
  parent: string;
  child: string;
  calls: number;
  failed: number;
  parts: Edge[];
}

interface Group {
  service: string;
  operation: string;
  kind: SpanKind;
  minutes: Map<number, Sum>;
}

/** Merges what blocks and heads counted; sorted by service, operation, kind. */
export async function redSeries(
  segments: readonly Segment[],
  query: RedQuery,
  pace: Pace,
): Promise<RedSeries[]> {
  const groups = new Map<string, Group>();
  const { fromMinute, kinds, byService = false, everyMinutes = 1 } = query;
  for await (const { series } of rollups(segments, query, pace)) {
    for (const one of series) {
      if (one.minute < query.fromMinute || one.minute > query.toMinute) continue;
      if (query.service !== undefined && one.service !== query.service) continue;
      if (query.operation !== undefined && one.operation !== query.operation) continue;
      if (kinds !== undefined && !kinds.includes(one.kind as SpanKind)) continue;
      const { service } = one;
      const { operation, kind } = byService ? { operation: "", kind: 0 } : one;
      const name = `${kind} ${service.length} ${service}${operation}`;
      let group = groups.get(name);
      if (group === undefined) {
        group = { service, operation, kind: kind as SpanKind, minutes: new Map() };
        groups.set(name, group);
      }
      const minute = one.minute - ((one.minute - fromMinute) % everyMinutes);
      let sum = group.minutes.get(minute);
      if (sum === undefined) {
        sum = { spans: 0, errors: 0, durationSumNs: 0, parts: [] };
        group.minutes.set(minute, sum);
      }
      sum.spans += one.spans;
      if (one.statusCode === 2) sum.errors += one.spans;
      sum.durationSumNs += one.durationSumNs;
      sum.parts.push(one);
    }
  }
  return Array.from(groups.values(), asSeries).sort(
    (a, b) => compare(a.service, b.service) || compare(a.operation, b.operation) || a.kind - b.kind,
  );
}

export async function serviceEdges(
  segments: readonly Segment[],
  window: MinuteWindow,
  pace: Pace,
): Promise<ServiceEdge[]> {
  const found = new Map<string, EdgeSum>();
  for await (const { edges } of rollups(segments, window, pace)) {
    for (const one of edges) {
      const { minute, parent, child } = one;
      if (minute < window.fromMinute || minute > window.toMinute) continue;
      const name = `${parent.length} ${parent}${child}`;
      const edge = found.get(name) ?? { parent, child, calls: 0, failed: 0, parts: [] };
      edge.calls += one.calls;
      edge.failed += one.failed;
      edge.parts.push(one);
      found.set(name, edge);
    }
  }
  return Array.from(found.values(), asServiceEdge).sort(
    (a, b) => compare(a.parent, b.parent) || compare(a.child, b.child),
  );
}

function asServiceEdge({ parts, ...head }: EdgeSum): ServiceEdge {
  let timed = 0;
  for (const { buckets, counts } of parts) {
    histogram.add(buckets, counts);
    for (const count of counts) timed += count;
  }
  // Blocks of an earlier version do not tell how long calls took.
  const [p50Ns = null, p95Ns = null] = timed === 0 ? [] : quantilesOf(histogram, [0.5, 0.95], timed);
  histogram.clear();
  return { ...head, p50Ns, p95Ns };
}

/** What was counted in segments that may have spans of a window. */
export async function* rollups(
  segments: readonly Segment[],
  window: MinuteWindow,
  pace: Pace,
): AsyncGenerator<Rollup> {
  const from = BigInt(window.fromMinute) * nsOfMinute;
  const to = (BigInt(window.toMinute) + 1n) * nsOfMinute;
  for (const segment of segments) {
    if (!segment.pages.some(({ firstStart, lastStart }) => lastStart >= from && firstStart < to)) continue;
    await pace.step();
    yield segment.rollup();
  }
}

function asSeries({ service, operation, kind, minutes }: Group): RedSeries {
  const total: Sum = { spans: 0, errors: 0, durationSumNs: 0, parts: [] };
  for (const sum of minutes.values()) {
    total.spans += sum.spans;
    total.errors += sum.errors;
    total.durationSumNs += sum.durationSumNs;
    for (const part of sum.parts) total.parts.push(part);
  }
  const first = Math.min(...minutes.keys());
  return {
    service,
    operation,
    kind,
    minutes: [...minutes].sort(([a], [b]) => a - b).map(([minute, sum]) => asMinute(minute, sum)),
    total: asMinute(first, total),
  };
}

const histogram = newHistogram();
const quantiles = [0.5, 0.75, 0.95, 0.99] as const;

function asMinute(minute: number, { spans, errors, durationSumNs, parts }: Sum): RedMinute {
  for (const { buckets, counts } of parts) histogram.add(buckets, counts);
  const [p50Ns = 0, p75Ns = 0, p95Ns = 0, p99Ns = 0] = quantilesOf(histogram, quantiles, spans);
  histogram.clear();
  return { minute, spans, errors, durationSumNs, p50Ns, p75Ns, p95Ns, p99Ns };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
