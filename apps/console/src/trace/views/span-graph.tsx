import { graphlib, layout } from "@dagrejs/dagre";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { formatCount, formatDuration, plural } from "../../ui/format.ts";
import { Failed, Loading } from "../../ui/states.tsx";
import { useTheme } from "../../ui/theme.tsx";
import type { ColourKey } from "../colours.ts";
import type { TraceClient } from "../trace-client.ts";
import type { TraceData } from "../trace-data.ts";
import type { CallGraph } from "../worker/call-graph.ts";

/** With more nobody sees anything, and laying it out takes seconds. */
const nodesAtMost = 80;
const size = { width: 210, height: 46 };

interface Placed {
  width: number;
  height: number;
  nodes: { x: number; y: number }[];
  edges: { points: { x: number; y: number }[]; middle: { x: number; y: number } }[];
}

/** Operations and who calls whom, laid out from left to right. */
export function SpanGraph({
  trace,
  client,
  colours,
  onOpen,
}: {
  trace: TraceData;
  client: TraceClient;
  colours: ColourKey;
  onOpen: (at: number) => void;
}) {
  const { theme } = useTheme();
  const { reading, shifts } = trace;
  const graph = useQuery({
    queryKey: ["graph", client.number, reading, shifts.join()],
    queryFn: ({ signal }) => client.ask("callGraph", { reading, shifts, most: nodesAtMost }, signal),
    structuralSharing: false,
    gcTime: 0,
  });
  const placed = useMemo(() => graph.data && place(graph.data), [graph.data]);
  if (graph.data === undefined || placed === undefined) {
    if (graph.isError) return <Failed error={graph.error} onRetry={() => void graph.refetch()} />;
    return <Loading what="the graph" />;
  }
  const { nodes, edges, leftOut } = graph.data;
  const most = Math.max(...nodes.map(({ self }) => self), 1);
  const nameOf = (node: number) => trace.head.names[nodes[node]?.name ?? 0] ?? "";
  return (
    <div className="view-scroller" tabIndex={0} role="region" aria-label="Graph of operations">
      {leftOut > 0 && (
        <p className="view-tools muted" role="status">
          The {nodesAtMost} operations with the most self time; {plural(leftOut, "other")} left out.
        </p>
      )}
      <div className="span-graph" style={{ width: placed.width, height: placed.height }}>
        <svg width={placed.width} height={placed.height} aria-hidden="true">
          <defs>
            <marker
              id="arrow"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path d="M0 0L8 4L0 8z" className="arrow" />
            </marker>
          </defs>
          {edges.map((edge, at) => (
            <g key={`${edge.from} ${edge.to}`} className={edge.errors > 0 ? "edge failed" : "edge"}>
              <path
                d={pathOf(placed.edges[at]?.points ?? [])}
                strokeWidth={1 + Math.min(4, Math.log10(edge.calls + 1))}
                markerEnd="url(#arrow)"
              />
              <text
                x={placed.edges[at]?.middle.x}
                y={(placed.edges[at]?.middle.y ?? 0) - 4}
                textAnchor="middle"
              >
                {formatCount(edge.calls)}
              </text>
            </g>
          ))}
        </svg>
        {nodes.map((node, at) => (
          <button
            key={`${node.service} ${node.name}`}
            type="button"
            className={node.errors > 0 ? "graph-node failed" : "graph-node"}
            style={{
              left: (placed.nodes[at]?.x ?? 0) - size.width / 2,
              top: (placed.nodes[at]?.y ?? 0) - size.height / 2,
              ...size,
              borderLeftColor: colours.colourOf(node.longestAt, theme),
            }}
            title={`${nameOf(at)}: ${plural(node.count, "span")}, ${formatDuration(node.total)} in all`}
            onClick={() => onOpen(node.longestAt)}
          >
            <span className="clip">
              <bdi>{nameOf(at).slice(0, 100)}</bdi>
            </span>
            <span className="clip muted small">
              {formatCount(node.count)} × · {formatDuration(node.self)} itself
              {node.errors > 0 && ` · ${formatCount(node.errors)} failed`}
            </span>
            <span className="heat" style={{ width: `${(node.self / most) * 100}%` }} />
          </button>
        ))}
      </div>
      <ul className="unseen">
        {edges.map((edge) => (
          <li key={`${edge.from} ${edge.to}`}>
            {nameOf(edge.from).slice(0, 100)} calls {nameOf(edge.to).slice(0, 100)}{" "}
            {plural(edge.calls, "time")}
          </li>
        ))}
      </ul>
    </div>
  );
}

function place({ nodes, edges }: CallGraph): Placed {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 70, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach((_, at) => graph.setNode(String(at), { ...size }));
  edges.forEach(({ from, to }) => graph.setEdge(String(from), String(to), {}));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: nodes.map((_, at) => {
      const { x, y } = graph.node(String(at)) as { x: number; y: number };
      return { x, y };
    }),
    edges: edges.map(({ from, to }) => {
      const { points } = graph.edge(String(from), String(to)) as { points: { x: number; y: number }[] };
      return { points, middle: points[points.length >> 1] ?? { x: 0, y: 0 } };
    }),
  };
}

function pathOf(points: readonly { x: number; y: number }[]): string {
  return points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}
