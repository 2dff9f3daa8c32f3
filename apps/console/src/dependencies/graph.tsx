import { graphlib, layout } from "@dagrejs/dagre";
import { type CSSProperties, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ServiceCall } from "../api/statistics.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { type CallGraph, failedPercent } from "./calls.ts";

const size = { width: 184, height: 46 };
const label = { width: 104, height: 30 };

interface Point {
  x: number;
  y: number;
}
interface Placed {
  width: number;
  height: number;
  nodes: Point[];
  edges: { points: Point[]; label: Point }[];
}

/** Who calls whom, from left to right; the thicker, the more calls, red where some failed. */
export function DependencyGraph({
  graph,
  senders,
  focus,
  onFocus,
}: {
  graph: CallGraph;
  /** Services that send spans; the others are databases, queues and the like, known from those who call them. */
  senders: ReadonlySet<string>;
  focus: string | undefined;
  onFocus: (service: string) => void;
}) {
  const [active, setActive] = useState<string>();
  const [zoom, setZoom] = useState<number>();
  const holder = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  const placed = useMemo(() => place(graph), [graph]);
  useLayoutEffect(() => {
    const { current } = holder;
    if (current === null) return undefined;
    const measure = () => setRoom(current.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const fitting = room === 0 ? 1 : Math.min(1, Math.max(0.35, room / placed.width));
  const scale = zoom ?? fitting;
  const most = Math.max(...graph.calls.map(({ calls }) => calls), 1);
  const isDim = ({ parent, child }: ServiceCall) =>
    active !== undefined && parent !== active && child !== active;
  const near = new Set(
    graph.calls.filter((call) => !isDim(call)).flatMap(({ parent, child }) => [parent, child]),
  );
  const change = (factor: number) => setZoom(Math.min(2, Math.max(0.2, scale * factor)));
  return (
    <div className="dependency-graph panel">
      <div className="graph-tools" role="group" aria-label="Zoom">
        <button type="button" className="button small-button" onClick={() => change(0.8)}>
          −<span className="unseen">Smaller</span>
        </button>
        <button type="button" className="button small-button" onClick={() => change(1.25)}>
          +<span className="unseen">Larger</span>
        </button>
        <button type="button" className="button small-button" onClick={() => setZoom(undefined)}>
          Fit
        </button>
      </div>
      <div
        ref={holder}
        className="graph-scroller"
        tabIndex={0}
        role="region"
        aria-label="Graph of services and their calls"
      >
        <div style={{ width: placed.width * scale, height: placed.height * scale }}>
          <div
            className="graph-sheet"
            style={{ width: placed.width, height: placed.height, transform: `scale(${scale})` }}
          >
            <svg width={placed.width} height={placed.height} aria-hidden="true">
              <defs>
                {(["plain", "bad"] as const).map((tone) => (
                  <marker
                    key={tone}
                    id={`call-${tone}`}
                    viewBox="0 0 8 8"
                    refX="7"
                    refY="4"
                    markerWidth="8"
                    markerHeight="8"
                    markerUnits="userSpaceOnUse"
                    orient="auto"
                  >
                    <path d="M0 0L8 4L0 8z" className={`call-head ${tone}`} />
                  </marker>
                ))}
              </defs>
              {graph.calls.map((call, at) => {
                const isBad = failedPercent(call) > 0;
                const edge = placed.edges[at];
                return (
                  <path
                    key={`${call.parent}\n${call.child}`}
                    className={`call${isBad ? " bad" : ""}${isDim(call) ? " dim" : ""}`}
                    d={curveOf(edge?.points ?? [])}
                    strokeWidth={1.2 + 4 * (Math.log10(call.calls + 1) / Math.log10(most + 1))}
                    markerEnd={`url(#call-${isBad ? "bad" : "plain"})`}
                  />
                );
              })}
            </svg>
            {graph.calls.map((call, at) => (
              <span
                key={`${call.parent}\n${call.child}`}
                className={`call-label${isDim(call) ? " dim" : ""}`}
                aria-hidden="true"
                style={centred(placed.edges[at]?.label, label)}
              >
                <span>
                  {short(call.calls)}
                  {failedPercent(call) > 0 && <b className="bad"> · {formatPercent(failedPercent(call))}</b>}
                </span>
                {call.p95Ns !== null && <span className="muted">p95 {formatDuration(call.p95Ns)}</span>}
              </span>
            ))}
            {graph.nodes.map(({ name, incoming, outgoing, failed }, at) => (
              <button
                key={name}
                type="button"
                className={`call-node${senders.has(name) ? "" : " peer"}${failed > 0 ? " bad" : ""}${
                  active !== undefined && !near.has(name) ? " dim" : ""
                }`}
                style={centred(placed.nodes[at], size)}
                aria-pressed={focus === name}
                title={`${name}: called ${plural(incoming, "time")}, ${formatCount(failed)} failed; calls others ${plural(outgoing, "time")}`}
                onPointerEnter={() => setActive(name)}
                onPointerLeave={() => setActive(undefined)}
                onFocus={() => setActive(name)}
                onBlur={() => setActive(undefined)}
                onClick={() => onFocus(name)}
              >
                <b className="clip">
                  <bdi>{name}</bdi>
                </b>
                <span className="clip muted small">
                  {incoming > 0 ? `called ${short(incoming)} ×` : `calls ${short(outgoing)} ×`}
                  {failed > 0 && `, ${short(failed)} failed`}
                </span>
              </button>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function centred(at: Point | undefined, box: { width: number; height: number }): CSSProperties {
  return { left: (at?.x ?? 0) - box.width / 2, top: (at?.y ?? 0) - box.height / 2, ...box };
}

/** `950`, `12.3k`, `4.56M`. */
function short(count: number): string {
  if (count < 10_000) return formatCount(count);
  return count < 1_000_000 ? `${(count / 1_000).toPrecision(3)}k` : `${(count / 1_000_000).toPrecision(3)}M`;
}

function place({ nodes, calls }: CallGraph): Placed {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 22, edgesep: 14, ranksep: 50, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  const numbers = new Map(nodes.map(({ name }, at) => [name, String(at)]));
  nodes.forEach((_, at) => graph.setNode(String(at), { ...size }));
  const ends = calls.map(
    ({ parent, child }) => [numbers.get(parent) ?? "", numbers.get(child) ?? ""] as const,
  );
  for (const [from, to] of ends) graph.setEdge(from, to, { ...label, labelpos: "c" });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: nodes.map((_, at) => {
      const { x, y } = graph.node(String(at)) as Point;
      return { x, y };
    }),
    edges: ends.map(([from, to]) => {
      const { points, x, y } = graph.edge(from, to) as { points: Point[] } & Point;
      return { points, label: { x, y } };
    }),
  };
}

/** Through the middles of the points, rounded at them. */
function curveOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  let path = `M${at(first)}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    path +=
      next === undefined
        ? `L${at(point)}`
        : `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  });
  return path;
}
