import type { ServiceCall } from "../api/statistics.ts";

/** With more nobody sees anything, and laying it out takes seconds. */
export const nodesAtMost = 60;

/** What a call is coloured and written by. */
export const measures = [
  { measure: "calls", name: "Calls" },
  { measure: "errors", name: "Errors" },
  { measure: "latency", name: "Duration" },
] as const;
export type Measure = (typeof measures)[number]["measure"];

export interface CallGraph {
  nodes: { name: string; incoming: number; outgoing: number; failed: number }[];
  calls: ServiceCall[];
  /** Services that are left out. */
  leftOut: number;
}

/** The services with the most calls and the calls among them; with `focus`, those that it calls or that call it. */
export function callGraphOf(all: readonly ServiceCall[], focus: string | undefined): CallGraph {
  const near = all.filter(({ parent, child }) => focus === undefined || parent === focus || child === focus);
  const nodes = new Map<string, CallGraph["nodes"][number]>();
  const node = (name: string) => {
    const known = nodes.get(name) ?? { name, incoming: 0, outgoing: 0, failed: 0 };
    nodes.set(name, known);
    return known;
  };
  for (const { parent, child, calls, failed } of near) {
    node(parent).outgoing += calls;
    const called = node(child);
    called.incoming += calls;
    called.failed += failed ?? 0;
  }
  const busiest = [...nodes.values()]
    .sort((a, b) => b.incoming + b.outgoing - a.incoming - a.outgoing || (a.name < b.name ? -1 : 1))
    .filter(({ name }, at) => at < nodesAtMost || name === focus);
  const kept = new Set(busiest.map(({ name }) => name));
  return {
    nodes: busiest,
    calls: near.filter(({ parent, child }) => kept.has(parent) && kept.has(child)),
    leftOut: nodes.size - busiest.length,
  };
}

export function failedPercent({ calls, failed }: Pick<ServiceCall, "calls" | "failed">): number {
  return failed === null || calls === 0 ? 0 : (failed / calls) * 100;
}
