import type { SpanView } from "@throughline/api";

/** A trace's spans parent before child, and for each the index after its last descendant. */
export interface SpanTree {
  spans: readonly SpanView[];
  ends: Int32Array;
}

/** One pass and no recursion: a chain a hundred thousand deep is a trace too. */
export function treeOf(spans: readonly SpanView[]): SpanTree {
  const ends = new Int32Array(spans.length).fill(spans.length);
  const open: number[] = [];
  for (let at = 0; at < spans.length; at++) {
    const depth = spans[at]?.depth ?? 0;
    for (let top = open.at(-1); top !== undefined && (spans[top]?.depth ?? 0) >= depth; top = open.at(-1)) {
      ends[top] = at;
      open.pop();
    }
    open.push(at);
  }
  return { spans, ends };
}

/** A line of the timeline. */
export interface Row {
  span: SpanView;
  /** Its place in the tree. */
  at: number;
  /** How many spans stand below it, at any depth. */
  descendants: number;
}

/** What is to be seen with the descendants of these spans folded away. */
export function visibleRows({ spans, ends }: SpanTree, collapsed: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < spans.length; at++) {
    const span = spans[at];
    if (span === undefined) break;
    const end = ends[at] ?? at + 1;
    rows.push({ span, at, descendants: end - at - 1 });
    if (collapsed.has(span.spanId)) at = end - 1;
  }
  return rows;
}

/** Ids of the spans above one, nearest first: to unfold the way to it. */
export function ancestorsOf(spans: readonly SpanView[], spanId: string): string[] {
  const at = spans.findIndex((span) => span.spanId === spanId);
  const ancestors: string[] = [];
  let level = spans[at]?.depth ?? 0;
  for (let above = at - 1; above >= 0 && level > 0; above--) {
    const span = spans[above];
    if (span !== undefined && span.depth < level) {
      ancestors.push(span.spanId);
      level = span.depth;
    }
  }
  return ancestors;
}

/** Spans of this level and deeper that have something to fold away. */
export function foldableFrom({ spans, ends }: SpanTree, depth: number): string[] {
  return spans
    .filter((span, at) => span.depth >= depth && (ends[at] ?? 0) > at + 1)
    .map(({ spanId }) => spanId);
}
