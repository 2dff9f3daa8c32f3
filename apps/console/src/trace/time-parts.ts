import type { SpanView } from "@throughline/api";
import type { SpanTree } from "./rows.ts";
import type { TimeRange } from "./ticks.ts";

/** The stretches of a span in which none of its children ran: where its self time lies. */
export function selfParts({ spans, ends }: SpanTree, at: number): TimeRange[] {
  const span = spans[at];
  if (span === undefined) return [];
  const toNs = span.startOffsetNs + span.durationNs;
  const parts: TimeRange[] = [];
  let freeFrom = span.startOffsetNs;
  const end = ends[at] ?? at + 1;
  // Siblings come by start, so one pass over the children finds every gap between them.
  for (let child = at + 1; child < end; child = ends[child] ?? end) {
    const below = spans[child];
    if (below === undefined) break;
    const busyFrom = Math.min(below.startOffsetNs, toNs);
    if (busyFrom > freeFrom) parts.push({ fromNs: freeFrom, toNs: busyFrom });
    freeFrom = Math.max(freeFrom, below.startOffsetNs + below.durationNs);
  }
  if (freeFrom < toNs) parts.push({ fromNs: freeFrom, toNs });
  return parts;
}

/**
 * The time that a job waited in its queue: from the end of the producer span to the start of the first attempt, and from
 * the end of each attempt to the start of the next. By id of the span that waited.
 */
export function queueWaits(spans: readonly SpanView[]): ReadonlyMap<string, TimeRange> {
  const producers = new Map(
    spans.filter(({ kind }) => kind === "producer").map((span) => [span.spanId, span]),
  );
  const waits = new Map<string, TimeRange>();
  const lastEnd = new Map<string, number>();
  for (const span of spans) {
    if (span.kind !== "consumer" || span.parentSpanId === null) continue;
    const producer = producers.get(span.parentSpanId);
    if (producer === undefined) continue;
    const fromNs = lastEnd.get(producer.spanId) ?? producer.startOffsetNs + producer.durationNs;
    if (span.startOffsetNs > fromNs) waits.set(span.spanId, { fromNs, toNs: span.startOffsetNs });
    lastEnd.set(producer.spanId, span.startOffsetNs + span.durationNs);
  }
  return waits;
}
