import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type MouseEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { formatCount, formatDuration, formatPercent, plural } from "../../ui/format.ts";
import { Failed, Loading } from "../../ui/states.tsx";
import { useTheme } from "../../ui/theme.tsx";
import { freshPen, useBox } from "../canvas.ts";
import type { ColourKey } from "../colours.ts";
import { TextFitter } from "../paint-text.ts";
import type { TraceClient } from "../trace-client.ts";
import type { TraceData } from "../trace-data.ts";
import type { CallTree } from "../worker/call-tree.ts";
import { flameLevel, flameHeight, nodeAt, paintFlame, within } from "./paint-flame.ts";

/** Where the time went, by who called whom: equal calls are one bar, as wide as the time that passed in them and below. */
export function FlameGraph({
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
  const { reading, shifts } = trace;
  const tree = useQuery({
    queryKey: ["flame", client.number, reading, shifts.join()],
    queryFn: ({ signal }) => client.ask("callTree", { reading, shifts }, signal),
    structuralSharing: false,
    gcTime: 0,
  });
  if (tree.data === undefined) {
    if (tree.isError) return <Failed error={tree.error} onRetry={() => void tree.refetch()} />;
    return <Loading what="the flame graph" />;
  }
  return <Flames trace={trace} tree={tree.data} colours={colours} onOpen={onOpen} />;
}

function Flames({
  trace,
  tree,
  colours,
  onOpen,
}: {
  trace: TraceData;
  tree: CallTree;
  colours: ColourKey;
  onOpen: (at: number) => void;
}) {
  const { theme } = useTheme();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useBox(scroller);
  const [root, setRoot] = useState(-1);
  const [active, setActive] = useState(0);
  const [hovered, setHovered] = useState(-1);
  const texts = useMemo(() => new TextFitter(), []);
  const [scrollTop, setScrollTop] = useState(0);
  const shownRoot = root < tree.parents.length ? root : -1;
  const levels = useMemo(() => flameHeight(tree, shownRoot), [tree, shownRoot]);
  const scene = {
    trace,
    tree,
    root: shownRoot,
    colours,
    theme,
    width,
    height,
    scrollTop,
    active,
    hovered,
    texts,
  };

  useLayoutEffect(() => {
    if (canvas.current === null || width === 0) return;
    const pen = freshPen(canvas.current, width, height);
    if (pen !== undefined) paintFlame(pen, scene);
  });

  const label = (node: number): string => {
    const total = tree.widths[shownRoot < 0 ? 0 : shownRoot] ?? 0;
    const whole = shownRoot < 0 ? within(tree).width : total;
    const share = whole > 0 ? ((tree.widths[node] ?? 0) / whole) * 100 : 0;
    return [
      trace.head.names[tree.names[node] ?? 0]?.slice(0, 300) ?? "",
      trace.head.services[tree.services[node] ?? 0]?.slice(0, 100) ?? "",
      plural(tree.counts[node] ?? 0, "span"),
      `${formatDuration(tree.totals[node] ?? 0)} in all`,
      `${formatDuration(tree.selfTimes[node] ?? 0)} itself`,
      `${formatPercent(share)} of what is shown`,
      ...((tree.errors[node] ?? 0) > 0 ? [`${formatCount(tree.errors[node] ?? 0)} failed`] : []),
    ].join(" · ");
  };
  const find = (event: MouseEvent): number => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return nodeAt(scene, event.clientX - left, event.clientY - top);
  };
  const children = (node: number): number[] => {
    const found: number[] = [];
    tree.parents.forEach((parent, at) => parent === node && found.push(at));
    return found;
  };
  function onKeyDown(event: KeyboardEvent): void {
    const parent = tree.parents[active] ?? -1;
    const siblings = children(parent);
    const place = siblings.indexOf(active);
    const next = {
      ArrowDown: children(active).sort((a, b) => (tree.widths[b] ?? 0) - (tree.widths[a] ?? 0))[0],
      ArrowUp: parent < 0 ? undefined : parent,
      ArrowRight: siblings[place + 1],
      ArrowLeft: siblings[place - 1],
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setActive(next);
    }
    if (event.key === "Enter") setRoot(active === shownRoot ? -1 : active);
    if (event.key === " ") {
      event.preventDefault();
      onOpen(tree.longestAt[active] ?? 0);
    }
    if (event.key === "Escape" && shownRoot >= 0) {
      event.preventDefault();
      setRoot(-1);
    }
  }
  const told = hovered >= 0 ? hovered : active;
  return (
    <div className="flame">
      <p className="flame-told" role="status">
        <bdi>{label(told)}</bdi>
      </p>
      <div
        ref={scroller}
        className="flame-scroller"
        role="application"
        aria-roledescription="flame graph"
        aria-label="Flame graph: arrow keys walk, Enter enlarges, the space bar opens the longest span"
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        onMouseMove={(event) => setHovered(find(event))}
        onMouseLeave={() => setHovered(-1)}
        onClick={(event) => {
          const node = find(event);
          if (node < 0) return;
          setActive(node);
          setRoot(node === shownRoot ? (tree.parents[node] ?? -1) : node);
        }}
        onDoubleClick={(event) => {
          const node = find(event);
          if (node >= 0) onOpen(tree.longestAt[node] ?? 0);
        }}
      >
        <div className="timeline-canvas">
          <canvas ref={canvas} style={{ width, height }} />
        </div>
        <div style={{ height: levels * flameLevel + 8 }} />
      </div>
    </div>
  );
}
