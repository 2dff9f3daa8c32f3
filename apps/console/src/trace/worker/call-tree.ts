import type { StructureColumns } from "@throughline/api/trace-columns";

/**
 * The trace's spans with those put together that have service and name in common, and so have all above them: what a flame graph shows.
 * A node stands behind its parent.
 */
export interface CallTree {
  /** -1 for a root. */
  parents: Int32Array;
  depths: Int32Array;
  names: Uint32Array;
  services: Uint32Array;
  counts: Uint32Array;
  errors: Uint32Array;
  /** Nanoseconds. */
  totals: Float64Array;
  selfTimes: Float64Array;
  /** Self time of the node and all below it, and where it begins: nested as the nodes are. */
  widths: Float64Array;
  lefts: Float64Array;
  /** Index of the longest span. */
  longestAt: Int32Array;
}

export function callTreeOf(structure: StructureColumns, selfTimes: Float64Array): CallTree {
  const { parents, names, services, durations, kindStatus } = structure;
  const spans = parents.length;
  const nodeOf = new Int32Array(spans);
  const byPath = new Map<string, number>();
  const tree: CallTree = {
    parents: new Int32Array(spans),
    depths: new Int32Array(spans),
    names: new Uint32Array(spans),
    services: new Uint32Array(spans),
    counts: new Uint32Array(spans),
    errors: new Uint32Array(spans),
    totals: new Float64Array(spans),
    selfTimes: new Float64Array(spans),
    widths: new Float64Array(spans),
    lefts: new Float64Array(spans),
    longestAt: new Int32Array(spans),
  };
  let nodes = 0;
  for (let at = 0; at < spans; at++) {
    const parent = (parents[at] ?? -1) < 0 ? -1 : (nodeOf[parents[at] ?? 0] ?? -1);
    const path = `${parent} ${services[at]} ${names[at]}`;
    let node = byPath.get(path);
    if (node === undefined) {
      byPath.set(path, (node = nodes++));
      tree.parents[node] = parent;
      tree.depths[node] = parent < 0 ? 0 : (tree.depths[parent] ?? 0) + 1;
      tree.names[node] = names[at] ?? 0;
      tree.services[node] = services[at] ?? 0;
      tree.longestAt[node] = at;
    }
    nodeOf[at] = node;
    tree.counts[node] = (tree.counts[node] ?? 0) + 1;
    if ((kindStatus[at] ?? 0) >> 4 === 2) tree.errors[node] = (tree.errors[node] ?? 0) + 1;
    tree.totals[node] = (tree.totals[node] ?? 0) + (durations[at] ?? 0);
    tree.selfTimes[node] = (tree.selfTimes[node] ?? 0) + (selfTimes[at] ?? 0);
    if ((durations[at] ?? 0) > (durations[tree.longestAt[node] ?? 0] ?? 0)) tree.longestAt[node] = at;
  }
  const cut = Object.fromEntries(
    Object.entries(tree).map(([name, column]: [string, Int32Array]) => [name, column.slice(0, nodes)]),
  ) as unknown as CallTree;
  place(cut);
  return cut;
}

/** Widths from the leaves up, places from the roots down. */
function place({ parents, selfTimes, counts, widths, lefts }: CallTree): void {
  const nodes = parents.length;
  // In a trace in which no time passed, what was called is all there is to show.
  const isInstant = !selfTimes.some((self) => self > 0);
  for (let node = nodes - 1; node >= 0; node--) {
    widths[node] = (widths[node] ?? 0) + ((isInstant ? counts[node] : selfTimes[node]) ?? 0);
    const parent = parents[node] ?? -1;
    if (parent >= 0) widths[parent] = (widths[parent] ?? 0) + (widths[node] ?? 0);
  }
  const next = new Float64Array(nodes);
  let nextRoot = 0;
  for (let node = 0; node < nodes; node++) {
    const parent = parents[node] ?? -1;
    const left = parent < 0 ? nextRoot : (next[parent] ?? 0);
    lefts[node] = left;
    next[node] = left;
    if (parent < 0) nextRoot = left + (widths[node] ?? 0);
    else next[parent] = left + (widths[node] ?? 0);
  }
}
