import type { TraceSummary } from "@throughline/api";
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { formatCount, formatDuration, plural } from "../ui/format.ts";
import { useTheme } from "../ui/theme.tsx";
import { useTimeFormat, useZone } from "../ui/zone.tsx";
import { freshPen, useBox } from "../trace/canvas.ts";
import { drawPlot, frame, plotInks } from "./draw-plot.ts";
import { cellsOf, placeOf, plotOf, type Point, pointsOf, regionOf } from "./plot.ts";

/** Past so many traces, points would cover one another. */
const pointsAtMost = 400;
const height = 220;
const reachPx = 12;
const smallestBrushPx = 6;

export interface Region {
  fromMs: number;
  toMs: number;
  minMs: number;
  maxMs: number;
}

/**
 * Durations over time: points, or how many where there are many. Drawing a rectangle zooms into it, a click opens the trace;
 * the arrow keys go from trace to trace. The list below has the same for those who do not see it.
 */
export function Scatter({
  traces,
  onOpen,
  onZoom,
}: {
  traces: readonly TraceSummary[];
  onOpen: (traceId: string) => void;
  onZoom: (region: Region) => void;
}) {
  const { theme } = useTheme();
  const { zone } = useZone();
  const formatTime = useTimeFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const { width } = useBox(holder);
  const [active, setActive] = useState<string>();
  const [brush, setBrush] = useState<{ from: [number, number]; to: [number, number] }>();
  const points = useMemo(() => pointsOf(traces).toSorted((a, b) => a.atMs - b.atMs), [traces]);
  const plot = useMemo(() => plotOf(points), [points]);
  const isHeat = points.length > pointsAtMost;
  const inner = {
    width: Math.max(1, width - frame.left - frame.right),
    height: height - frame.top - frame.bottom,
  };
  const columns = Math.max(1, Math.floor(inner.width / 14));
  const rows = 16;
  const cells = useMemo(
    () => (isHeat ? cellsOf(points, plot, columns, rows) : undefined),
    [isHeat, points, plot, columns],
  );
  const shown = points.find(({ traceId }) => traceId === active);

  useLayoutEffect(() => {
    if (canvas.current === null || width === 0) return;
    const pen = freshPen(canvas.current, width, height);
    if (pen === undefined) return;
    drawPlot(pen, {
      plot,
      points,
      cells: cells === undefined ? undefined : { cells, columns, rows },
      width,
      height,
      ink: plotInks[theme],
      zone,
      active: shown,
      brush,
    });
  }, [plot, points, cells, columns, width, theme, zone, shown, brush]);

  const shareAt = (event: PointerEvent): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    const clamp = (share: number) => Math.min(1, Math.max(0, share));
    return [
      clamp((event.clientX - box.left - frame.left) / inner.width),
      clamp((event.clientY - box.top - frame.top) / inner.height),
    ];
  };
  const nearest = ([x, y]: readonly [number, number]): Point | undefined => {
    let best: Point | undefined;
    let least = reachPx;
    for (const point of points) {
      const [px, py] = placeOf(point, plot);
      const distance = Math.hypot((px - x) * inner.width, (py - y) * inner.height);
      if (distance < least) [best, least] = [point, distance];
    }
    return best;
  };
  const end = (event: PointerEvent) => {
    if (brush === undefined) return;
    const to = shareAt(event);
    setBrush(undefined);
    const [dx, dy] = [(to[0] - brush.from[0]) * inner.width, (to[1] - brush.from[1]) * inner.height];
    if (Math.hypot(dx, dy) >= smallestBrushPx) {
      onZoom(regionOf(plot, brush.from, to));
      return;
    }
    const point = isHeat ? undefined : nearest(to);
    if (point !== undefined) onOpen(point.traceId);
    else if (isHeat) onZoom(cellRegion(to));
  };
  const cellRegion = ([x, y]: readonly [number, number]): Region => {
    const [column, row] = [Math.floor(x * columns), Math.floor(y * rows)];
    return regionOf(plot, [column / columns, row / rows], [(column + 1) / columns, (row + 1) / rows]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = points.findIndex(({ traceId }) => traceId === active);
    const next = nextPoint(event.key, at, points.length);
    if (next !== undefined) setActive(points[next]?.traceId);
    else if (event.key === "Enter" && shown !== undefined) onOpen(shown.traceId);
    else if (event.key === "Escape") setActive(undefined);
    else return;
    event.preventDefault();
  };
  const errors = points.filter(({ isError }) => isError).length;
  return (
    <figure className="scatter" ref={holder}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={`Duration over time of ${plural(points.length, "trace")}, ${formatCount(errors)} with errors. Arrow keys go from trace to trace, Enter opens one.`}
        style={{ height: `${height}px` }}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const from = shareAt(event);
          setBrush({ from, to: from });
        }}
        onPointerMove={(event) => {
          const to = shareAt(event);
          if (brush !== undefined) setBrush({ ...brush, to });
          else setActive(isHeat ? undefined : nearest(to)?.traceId);
        }}
        onPointerUp={end}
        onPointerCancel={() => setBrush(undefined)}
        onPointerLeave={() => setActive(undefined)}
      />
      <div className="plot-caption small muted" role="status">
        {shown === undefined
          ? isHeat
            ? "The stronger, the more traces; red where some failed. Click or draw to zoom in."
            : "Draw to zoom in, click a point to open its trace."
          : `${formatTime(shown.atMs)}: ${nameOf(traces, shown)}, ${formatDuration(shown.durationMs * 1e6)}, ${plural(shown.spans, "span")}${shown.isError ? ", with errors" : ""}`}
      </div>
    </figure>
  );
}

function nextPoint(key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case "ArrowRight":
      return Math.min(count - 1, at + 1);
    case "ArrowLeft":
      return at < 0 ? count - 1 : Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

function nameOf(traces: readonly TraceSummary[], { traceId }: Point): string {
  const trace = traces.find((one) => one.traceId === traceId);
  return trace?.ticketId ?? trace?.rootOperation ?? traceId;
}
