import type { StructureColumns } from "@throughline/api/trace-columns";

/** Operations of services, each once, and who calls whom. */
export interface CallGraph {
  nodes: CallGraphNode[];
  edges: { from: number; to: number; calls: number; errors: number }[];
  /** Nodes with less self time that were left out. */
  leftOut: number;
}

interface CallGraphNode {
  service: number;
  name: number;
  count: number;
  errors: number;
  /** Nanoseconds. */
  total: number;
  self: number;
  longestAt: number;
}

/** The `most` nodes in which most time passed. */
export function callGraphOf(structure: StructureColumns, selfTimes: Float64Array, most: number): CallGraph {
  const { parents, names, services, durations, kindStatus } = structure;
  const numbers = new Map<string, number>();
  const nodeOf = new Int32Array(parents.length);
  const all: CallGraphNode[] = [];
  for (let at = 0; at < parents.length; at++) {
    const name = names[at] ?? 0;
    const service = services[at] ?? 0;
    const thing = `${service} ${name}`;
    let number = numbers.get(thing);
    if (number === undefined)
      numbers.set(
        thing,
        (number = all.push({ service, name, count: 0, errors: 0, total: 0, self: 0, longestAt: at }) - 1),
      );
    nodeOf[at] = number;
    const node = all[number] as CallGraphNode;
    node.count++;
    if ((kindStatus[at] ?? 0) >> 4 === 2) node.errors++;
    node.total += durations[at] ?? 0;
    node.self += selfTimes[at] ?? 0;
    if ((durations[at] ?? 0) > (durations[node.longestAt] ?? 0)) node.longestAt = at;
  }
  const kept = [...all.keys()]
    .sort((a, b) => (all[b]?.self ?? 0) - (all[a]?.self ?? 0) || a - b)
    .slice(0, most);
  const places = new Map(kept.sort((a, b) => a - b).map((number, place) => [number, place]));
  const edges = new Map<string, CallGraph["edges"][number]>();
  for (let at = 0; at < parents.length; at++) {
    const parent = parents[at] ?? -1;
    const to = places.get(nodeOf[at] ?? 0);
    const from = parent < 0 ? undefined : places.get(nodeOf[parent] ?? 0);
    if (from === undefined || to === undefined) continue;
    const edge = edges.get(`${from} ${to}`) ?? { from, to, calls: 0, errors: 0 };
    edges.set(`${from} ${to}`, edge);
    edge.calls++;
    if ((kindStatus[at] ?? 0) >> 4 === 2) edge.errors++;
  }
  return {
    nodes: kept.map((number) => all[number] as CallGraphNode),
    edges: [...edges.values()],
    leftOut: all.length - kept.length,
  };
}
