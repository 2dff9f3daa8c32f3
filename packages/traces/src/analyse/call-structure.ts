import type { CallStructure } from "@throughline/api";
import { serviceName } from "../model.ts";
import { extent, timeTree } from "./timing.ts";
import type { SpanTree } from "./tree.ts";

const nodesAtMost = 5_000;

interface Node {
  parent: number;
  service: string;
  name: string;
  traces: number;
  lastTrace: number;
  errors: number;
  totalNs: number;
  selfNs: number;
  durations: number[];
}

/** Puts traces together by who calls whom. */
export class CallStructures {
  private readonly nodes: Node[] = [];
  private readonly byPath = new Map<string, number>();
  private readonly durations: number[] = [];
  private spans = 0;
  private isCut = false;

  add(tree: SpanTree): void {
    const trace = this.durations.length;
    const { start, end } = extent(tree.spans);
    this.durations.push(Number(end - start));
    this.spans += tree.spans.length;
    const { durations, selfTimes } = timeTree(tree);
    const nodeOf = new Int32Array(tree.spans.length);
    tree.spans.forEach((span, index) => {
      const above = tree.parents[index] ?? -1;
      const parent = above < 0 ? -1 : (nodeOf[above] ?? -1);
      // What hangs on a path that was left out is left out too.
      const number =
        above >= 0 && parent < 0 ? -1 : this.nodeOf(parent, serviceName(span.resource), span.name);
      nodeOf[index] = number;
      const node = this.nodes[number];
      if (node === undefined) {
        this.isCut = true;
        return;
      }
      if (node.lastTrace !== trace) {
        node.lastTrace = trace;
        node.traces++;
      }
      if (span.statusCode === 2) node.errors++;
      node.totalNs += durations[index] ?? 0;
      node.selfNs += selfTimes[index] ?? 0;
      node.durations.push(durations[index] ?? 0);
    });
  }

  result(isPartial: boolean): CallStructure {
    const all = this.durations.toSorted((a, b) => a - b);
    return {
      traces: all.length,
      spans: this.spans,
      isPartial: isPartial || this.isCut,
      p50Ns: quantile(all, 0.5) ?? null,
      p95Ns: quantile(all, 0.95) ?? null,
      nodes: this.nodes.map(({ parent, service, name, traces, errors, totalNs, selfNs, durations }) => {
        const sorted = durations.toSorted((a, b) => a - b);
        return {
          parent,
          service,
          name,
          traces,
          spans: sorted.length,
          errors,
          totalNs,
          selfNs,
          p50Ns: quantile(sorted, 0.5) ?? 0,
          p95Ns: quantile(sorted, 0.95) ?? 0,
        };
      }),
    };
  }

  /** -1 where there is no room for another. */
  private nodeOf(parent: number, service: string, name: string): number {
    const path = `${parent} ${service.length} ${service}${name}`;
    const known = this.byPath.get(path);
    if (known !== undefined) return known;
    if (this.nodes.length >= nodesAtMost) return -1;
    const number = this.nodes.length;
    this.byPath.set(path, number);
    this.nodes.push({
      parent,
      service,
      name,
      traces: 0,
      lastTrace: -1,
      errors: 0,
      totalNs: 0,
      selfNs: 0,
      durations: [],
    });
    return number;
  }
}

/** The smallest value that this share of all does not exceed. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
