import type { SpanRecord } from "../model.ts";
import { IdIndex } from "../query/id-index.ts";

/** A trace as a tree. All lists are parallel and in depth-first order: parent before child, siblings by start. */
export interface SpanTree {
  readonly spans: readonly SpanRecord[];
  /** Index of the parent in `spans`, -1 for a root. */
  readonly parents: Int32Array<ArrayBuffer>;
  /** Level, roots 0. */
  readonly depths: Int32Array<ArrayBuffer>;
}

/**
 * Builds the tree of one trace. A span whose parent is not there is a root; so is the earliest span of a cycle. Where an
 * id occurs twice, children belong to its first span. Linear but for sorting, and without recursion: chains of
 * thousands of spans are ordinary. `known`: which span of `trace` has an id, where that was found out before.
 */
export function buildTree(trace: readonly SpanRecord[], known?: IdIndex): SpanTree {
  const byStart = inOrder(trace);
  const count = byStart.length;
  const ids = known !== undefined && byStart === trace ? known : new IdIndex(byStart);
  // The first child of each span and the next of the same parent, by start; -1: none.
  const firstChild = new Int32Array(count).fill(-1);
  const nextChild = new Int32Array(count).fill(-1);
  const isRoot = new Uint8Array(count);
  for (let index = count - 1; index >= 0; index--) {
    const { parentSpanId } = byStart[index] as SpanRecord;
    const parent = parentSpanId === "" ? -1 : ids.firstOf(parentSpanId);
    if (parent < 0 || parent === index) isRoot[index] = 1;
    else {
      nextChild[index] = firstChild[parent] ?? -1;
      firstChild[parent] = index;
    }
  }

  const spans: SpanRecord[] = [];
  const parents = new Int32Array(count);
  const depths = new Int32Array(count);
  // Where in `spans` each stands; -1: not yet.
  const placed = new Int32Array(count).fill(-1);
  const place = (root: number): void => {
    const open: { index: number; parent: number }[] = [{ index: root, parent: -1 }];
    for (let visit = open.at(-1); visit !== undefined; visit = open.at(-1)) {
      const { index, parent } = visit;
      if (index < 0) {
        open.pop();
        continue;
      }
      // What comes after it stands below the same parent.
      visit.index = parent < 0 ? -1 : (nextChild[index] ?? -1);
      // The second way to a span is the end of a cycle.
      if ((placed[index] ?? 0) >= 0) continue;
      const at = spans.push(byStart[index] as SpanRecord) - 1;
      placed[index] = at;
      parents[at] = parent;
      depths[at] = parent < 0 ? 0 : (depths[parent] ?? 0) + 1;
      open.push({ index: firstChild[index] ?? -1, parent: at });
    }
  };
  for (let index = 0; index < count; index++) if (isRoot[index] === 1) place(index);
  // What is left hangs on cycles only.
  if (spans.length < count)
    for (let index = 0; index < count; index++) if ((placed[index] ?? 0) < 0) place(index);
  return { spans, parents, depths };
}

/** By start, equal ones as they came: mostly they come so. */
function inOrder(trace: readonly SpanRecord[]): readonly SpanRecord[] {
  for (let at = 1; at < trace.length; at++)
    if ((trace[at - 1] as SpanRecord).startUnixNano > (trace[at] as SpanRecord).startUnixNano)
      return trace.toSorted((a, b) => compare(a.startUnixNano, b.startUnixNano));
  return trace;
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
