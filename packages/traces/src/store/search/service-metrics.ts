import type { SpanKind } from "../../model.ts";
import type { ServiceMetrics, ServiceMetricsQuery } from "../../query/reader.ts";
import { type Histogram, newHistogram, quantileOf } from "../block/histogram.ts";
import type { Series } from "../block/rollup.ts";
import type { Pace } from "./pace.ts";
import { rollups } from "./red.ts";
import type { Segment } from "./segment.ts";

interface Group {
  service: string;
  operation: string;
  byMinute: Map<number, Series[]>;
}

/** Rates, errors and one quantile at equal steps, each over the minutes before it; sorted by service, then operation. */
export async function serviceMetrics(
  segments: readonly Segment[],
  query: ServiceMetricsQuery,
  pace: Pace,
): Promise<ServiceMetrics[]> {
  const services = new Set(query.services);
  const kinds = new Set(query.kinds);
  const groups = new Map<string, Group>();
  const window = { fromMinute: query.fromMinute - query.overMinutes + 1, toMinute: query.toMinute };
  for await (const { series } of rollups(segments, window, pace)) {
    for (const one of series) {
      if (one.minute < window.fromMinute || one.minute > window.toMinute) continue;
      if (!services.has(one.service) || !kinds.has(one.kind as SpanKind)) continue;
      const operation = query.byOperation ? one.operation : "";
      const name = `${one.service.length} ${one.service}${operation}`;
      let group = groups.get(name);
      if (group === undefined)
        groups.set(name, (group = { service: one.service, operation, byMinute: new Map() }));
      const parts = group.byMinute.get(one.minute);
      if (parts === undefined) group.byMinute.set(one.minute, [one]);
      else parts.push(one);
    }
  }
  const histogram = newHistogram();
  const found: ServiceMetrics[] = [];
  for (const group of groups.values()) {
    await pace.step();
    found.push({
      service: group.service,
      operation: group.operation,
      points: pointsOf(group, query, histogram),
    });
  }
  return found.sort((a, b) => compare(a.service, b.service) || compare(a.operation, b.operation));
}

/** Steps without a span are left out. */
function pointsOf(
  { byMinute }: Group,
  { fromMinute, toMinute, everyMinutes, overMinutes, quantile }: ServiceMetricsQuery,
  histogram: Histogram,
): ServiceMetrics["points"] {
  const points: ServiceMetrics["points"] = [];
  for (let minute = fromMinute; minute <= toMinute; minute += everyMinutes) {
    let spans = 0;
    let errors = 0;
    for (let own = minute - overMinutes + 1; own <= minute; own++) {
      for (const part of byMinute.get(own) ?? []) {
        spans += part.spans;
        if (part.statusCode === 2) errors += part.spans;
        histogram.add(part.buckets, part.counts);
      }
    }
    if (spans > 0) points.push({ minute, spans, errors, quantileNs: quantileOf(histogram, quantile, spans) });
    histogram.clear();
  }
  return points;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
