import type { CallStructure } from "@throughline/api";

type Node = CallStructure["nodes"][number];

/** A path of calls as it is on either side. */
export interface MergedNode {
  service: string;
  name: string;
  depth: number;
  before: Node | undefined;
  after: Node | undefined;
  /** Mean time of a span, after minus before, nanoseconds; undefined where it is on one side only. */
  changeNs: number | undefined;
  /** Index of the caller; -1 for a root. */
  parent: number;
}

/** Both structures in one, by service and name of each span and all above it; what was there before stands in its own order. */
export function mergeStructures(before: CallStructure, after: CallStructure): MergedNode[] {
  const tree: { service: string; name: string; children: number[]; before?: Node; after?: Node }[] = [];
  const roots: number[] = [];
  const byPath = new Map<string, number>();
  for (const [side, { nodes }] of [
    ["before", before],
    ["after", after],
  ] as const) {
    const places: number[] = [];
    for (const node of nodes) {
      const parent = node.parent < 0 ? -1 : (places[node.parent] ?? -1);
      const path = `${parent} ${node.service.length} ${node.service}${node.name}`;
      let place = byPath.get(path);
      if (place === undefined) {
        place = tree.push({ service: node.service, name: node.name, children: [] }) - 1;
        byPath.set(path, place);
        (parent < 0 ? roots : tree[parent]?.children)?.push(place);
      }
      places.push(place);
      const known = tree[place];
      if (known !== undefined) known[side] = node;
    }
  }
  return inOrder(tree, roots);
}

/** A caller before what it calls. No recursion: chains may be thousands deep. */
function inOrder(
  tree: readonly { service: string; name: string; children: number[]; before?: Node; after?: Node }[],
  roots: readonly number[],
): MergedNode[] {
  const merged: MergedNode[] = [];
  const open = roots.toReversed().map((place) => ({ place, parent: -1, depth: 0 }));
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { place, parent, depth } = visit;
    const node = tree[place];
    if (node === undefined) continue;
    const at =
      merged.push({
        service: node.service,
        name: node.name,
        depth,
        before: node.before,
        after: node.after,
        changeNs: node.before && node.after && mean(node.after) - mean(node.before),
        parent,
      }) - 1;
    for (const child of node.children.toReversed()) open.push({ place: child, parent: at, depth: depth + 1 });
  }
  return merged;
}

export function mean({ totalNs, spans }: Node): number {
  return spans === 0 ? 0 : totalNs / spans;
}

/** Only what has changed, and the way to it: what is on one side only, or takes a tenth more or less. */
export function changedOnly(nodes: readonly MergedNode[]): MergedNode[] {
  const keep = new Set<number>();
  nodes.forEach((node, at) => {
    if (!hasChanged(node)) return;
    for (let above = at; above >= 0 && !keep.has(above); above = nodes[above]?.parent ?? -1) keep.add(above);
  });
  return nodes.filter((_, at) => keep.has(at));
}

function hasChanged({ before, after, changeNs = 0 }: MergedNode): boolean {
  if (before === undefined || after === undefined) return true;
  return Math.abs(changeNs) > Math.max(mean(before), mean(after)) * 0.1;
}
