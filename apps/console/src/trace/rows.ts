import type { TraceData } from "./trace-data.ts";

/** What is folded: everything of a level and deeper, but for single spans that are the other way round. */
export interface Folds {
  /** Spans of this level and deeper are folded; undefined: none is. */
  fromLevel: number | undefined;
  /** By span id, as spans keep it when more come in. */
  turned: ReadonlySet<string>;
}

export const nothingFolded: Folds = { fromLevel: undefined, turned: new Set() };

export function isFolded(trace: TraceData, folds: Folds, at: number): boolean {
  if (trace.descendants(at) === 0) return false;
  const byLevel = folds.fromLevel !== undefined && trace.depth(at) >= folds.fromLevel;
  return folds.turned.size > 0 && folds.turned.has(trace.spanId(at)) ? !byLevel : byLevel;
}

/** Folds with one span turned. */
export function turned({ fromLevel, turned: before }: Folds, spanId: string): Folds {
  return { fromLevel, turned: before.symmetricDifference(new Set([spanId])) };
}

/** Folds in which the way to a span is open. */
export function unfoldedTo(trace: TraceData, folds: Folds, at: number): Folds {
  let result = folds;
  for (const above of trace.ancestors(at))
    if (isFolded(trace, folds, above)) result = turned(result, trace.spanId(above));
  return result;
}

/** Lines of the timeline, as indexes of spans: those of `root` and below, or all (-1). */
export function visibleRows(trace: TraceData, folds: Folds, root = -1): Int32Array {
  const rows = new Int32Array(root < 0 ? trace.count : trace.end(root) - root);
  const until = root < 0 ? trace.count : trace.end(root);
  const isAnyFolded = folds.fromLevel !== undefined || folds.turned.size > 0;
  let length = 0;
  for (let at = Math.max(root, 0); at < until; at++) {
    rows[length++] = at;
    if (isAnyFolded && isFolded(trace, folds, at)) at = trace.end(at) - 1;
  }
  return rows.subarray(0, length);
}

/** Which line a span stands in; -1 where it is folded away. Lines come by index. */
export function rowOf(rows: Int32Array, at: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rows[middle] ?? 0;
    if (found === at) return middle;
    if (found < at) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export function deepestLevel(trace: TraceData): number {
  let deepest = 0;
  for (const depth of trace.columns.depths) if (depth > deepest) deepest = depth;
  return deepest;
}
