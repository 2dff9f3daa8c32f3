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
  const parentOf = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const { parentSpanId } = byStart[index] as SpanRecord;
    parentOf[index] = parentSpanId === "" ? -1 : ids.firstOf(parentSpanId);
  }
  const { order, parents, depths } = placeInTree(parentOf);
  return { spans: Array.from(order, (index) => byStart[index] as SpanRecord), parents, depths };
}

/** The order of spans in a tree, and by that order what `SpanTree` has. */
interface TreeOrder extends Pick<SpanTree, "parents" | "depths"> {
  readonly order: Int32Array<ArrayBuffer>;
}

/** `parentOf`: of spans by start, the place of the parent; negative where there is none. */
export function placeInTree(parentOf: Int32Array): TreeOrder {
  const count = parentOf.length;
  // The first child of each span and the next of the same parent, by start; -1: none.
  const firstChild = new Int32Array(count).fill(-1);
  const nextChild = new Int32Array(count).fill(-1);
  const isRoot = (index: number): boolean => {
    const parent = parentOf[index] ?? -1;
    return parent < 0 || parent === index;
  };
  for (let index = count - 1; index >= 0; index--) {
    if (isRoot(index)) continue;
    const parent = parentOf[index] ?? 0;
    nextChild[index] = firstChild[parent] ?? -1;
    firstChild[parent] = index;
  }

  const order = new Int32Array(count);
  const parents = new Int32Array(count);
  const depths = new Int32Array(count);
  const isPlaced = new Uint8Array(count);
  let placed = 0;
  // The way to the present span: what is to be visited on each level, and what stands above it.
  const next = new Int32Array(count + 1);
  const above = new Int32Array(count + 1);
  const place = (root: number): void => {
    let level = 0;
    next[0] = root;
    above[0] = -1;
    while (level >= 0) {
      const index = next[level] ?? -1;
      if (index < 0) {
        level--;
        continue;
      }
      const parent = above[level] ?? -1;
      // What comes after it stands below the same parent.
      next[level] = parent < 0 ? -1 : (nextChild[index] ?? -1);
      // The second way to a span is the end of a cycle.
      if (isPlaced[index] === 1) continue;
      isPlaced[index] = 1;
      order[placed] = index;
      parents[placed] = parent;
      depths[placed] = parent < 0 ? 0 : (depths[parent] ?? 0) + 1;
      level++;
      next[level] = firstChild[index] ?? -1;
      above[level] = placed++;
    }
  };
  for (let index = 0; index < count; index++) if (isRoot(index)) place(index);
  // What is left hangs on cycles only.
  for (let index = 0; index < count; index++) if (isPlaced[index] === 0) place(index);
  return { order, parents, depths };
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
