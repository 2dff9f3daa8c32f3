import type { KeyValue, SpanRecord } from "../../model.ts";
import type { SpanQuery } from "../../query/reader.ts";

const key = "slow_trace";
/** What every span of a slow trace says. */
export const slow: KeyValue = { key, value: { type: "bool", value: true } };

/**
 * Slowness is the trace's, but spans that left before their trace became slow say `slow_trace=false`: once one span says true, all of
 * the trace's spans do.
 */
export function completeSlow(trace: SpanRecord[]): SpanRecord[] {
  if (!trace.some(saysSlow)) return trace;
  return trace.map((span) => {
    const at = span.attributes.findIndex((attribute) => attribute.key === key);
    const attributes = at < 0 ? [...span.attributes, slow] : span.attributes.with(at, slow);
    return { ...span, attributes };
  });
}

/** Whether a span says of its trace that it is slow. */
export function saysSlow({ attributes }: SpanRecord): boolean {
  return attributes.some((attribute) => attribute.key === key && isTrue(attribute));
}

/** Of an attribute of this key: whether it says so. */
export function isTrue({ value }: Pick<KeyValue, "value">): boolean {
  return (value.type === "bool" && value.value) || (value.type === "string" && value.value === "true");
}

/** What a query asks of the trace as a whole, and what is left to ask of a span. */
export function splitSlow(query: SpanQuery): { wantsSlow: boolean | undefined; ofSpan: SpanQuery } {
  const wanted = query.tags.find((tag) => tag.key === key && (tag.value === "true" || tag.value === "false"));
  if (wanted === undefined) return { wantsSlow: undefined, ofSpan: query };
  // A span that is searched for by `false` must say so itself.
  if (wanted.value === "false") return { wantsSlow: false, ofSpan: query };
  return { wantsSlow: true, ofSpan: { ...query, tags: query.tags.filter((tag) => tag !== wanted) } };
}
