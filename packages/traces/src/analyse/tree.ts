import type { SpanRecord } from "../model.ts";

/** A trace as a tree. All lists are parallel and in depth-first order: parent before child, siblings by start. */
export interface SpanTree {
  readonly spans: readonly SpanRecord[];
  /** Index of the parent in `spans`, -1 for a root. */
  readonly parents: readonly number[];
  /** Level, roots 0. */
  readonly depths: readonly number[];
}

/**
 * Builds the tree of one trace. A span whose parent is not there is a root; so is the earliest span of a cycle. Where an
 * id occurs twice, children belong to its first span. Linear but for sorting, and without recursion: chains of
 * thousands of spans are ordinary.
 */
export function buildTree(trace: readonly SpanRecord[]): SpanTree {
  const byStart = trace.toSorted((a, b) => compare(a.startUnixNano, b.startUnixNano));
  const idToIndex = new Map<string, number>();
  byStart.forEach(({ spanId }, index) => {
    if (!idToIndex.has(spanId)) idToIndex.set(spanId, index);
  });
  const children: number[][] = byStart.map(() => []);
  const roots: number[] = [];
  byStart.forEach(({ parentSpanId }, index) => {
    const parent = idToIndex.get(parentSpanId);
    if (parent === undefined || parent === index) roots.push(index);
    else children[parent]?.push(index);
  });

  const spans: SpanRecord[] = [];
  const parents: number[] = [];
  const depths: number[] = [];
  const placed = new Set<number>();
  const place = (root: number): void => {
    const open: Visit[] = [{ index: root, parent: -1, depth: 0 }];
    for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
      const { index, parent, depth } = visit;
      const span = byStart[index];
      // The second way to a span is the end of a cycle.
      if (span === undefined || placed.has(index)) continue;
      placed.add(index);
      const at = spans.push(span) - 1;
      parents.push(parent);
      depths.push(depth);
      const below = children[index] ?? [];
      for (const child of below.toReversed()) open.push({ index: child, parent: at, depth: depth + 1 });
    }
  };
  for (const root of roots) place(root);
  // What is left hangs on cycles only.
  if (placed.size < byStart.length) byStart.forEach((_, index) => place(index));
  return { spans, parents, depths };
}

interface Visit {
  index: number;
  parent: number;
  depth: number;
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
