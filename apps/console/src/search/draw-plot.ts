import type { Theme } from "../ui/theme.tsx";
import { formatClock, formatDuration, formatTime } from "../ui/format.ts";
import { type Cell, durationTicks, placeOf, type Plot, type Point, timeTicks } from "./plot.ts";

/** Around the points, for the axes. */
export const frame = { left: 64, right: 12, top: 10, bottom: 24 };

interface Ink {
  ground: string;
  grid: string;
  text: string;
  good: string;
  bad: string;
  brush: string;
  active: string;
}
export const plotInks: Readonly<Record<Theme, Ink>> = {
  light: {
    ground: "#ffffff",
    grid: "#e3e8eb",
    text: "#556570",
    good: "15, 118, 110",
    bad: "180, 35, 44",
    brush: "#0f766e",
    active: "#16232c",
  },
  dark: {
    ground: "#141c20",
    grid: "#263439",
    text: "#93a5ad",
    good: "53, 179, 166",
    bad: "245, 136, 141",
    brush: "#35b3a6",
    active: "#f2f7f8",
  },
};

export interface Drawing {
  plot: Plot;
  points: readonly Point[];
  /** In place of points. */
  cells: { cells: readonly Cell[]; columns: number; rows: number } | undefined;
  width: number;
  height: number;
  ink: Ink;
  zone: string | undefined;
  active: Point | undefined;
  brush: { from: readonly [number, number]; to: readonly [number, number] } | undefined;
}

const dayMs = 86_400_000;
const tickWidth = 130;
/** Half of a label. */
const labelRoom = 36;

export function drawPlot(pen: CanvasRenderingContext2D, drawing: Drawing): void {
  const { plot, points, cells, width, height, ink, active, brush } = drawing;
  const inner = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom };
  const place = (point: Point): [number, number] => {
    const [x, y] = placeOf(point, plot);
    return [frame.left + x * inner.width, frame.top + y * inner.height];
  };
  // A canvas without transparency is black at first.
  pen.fillStyle = ink.ground;
  pen.fillRect(0, 0, width, height);
  drawAxes(pen, drawing, inner);
  if (cells !== undefined) {
    const most = cells.cells.reduce((max, { count }) => Math.max(max, count), 1);
    const [w, h] = [inner.width / cells.columns, inner.height / cells.rows];
    for (const { column, row, count, errors } of cells.cells) {
      pen.fillStyle = `rgba(${errors > 0 ? ink.bad : ink.good}, ${0.2 + 0.8 * Math.sqrt(count / most)})`;
      pen.fillRect(frame.left + column * w + 0.5, frame.top + row * h + 0.5, w - 1, h - 1);
    }
  } else {
    // Errors last: they lie above.
    for (const isError of [false, true]) {
      pen.fillStyle = `rgba(${isError ? ink.bad : ink.good}, ${isError ? 0.9 : 0.6})`;
      for (const point of points) {
        if (point.isError !== isError) continue;
        const [x, y] = place(point);
        const radius = 3 + Math.min(5, Math.log10(Math.max(1, point.spans)));
        pen.beginPath();
        if (isError) diamond(pen, x, y, radius + 1.5);
        else pen.arc(x, y, radius, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }
  if (active !== undefined && cells === undefined) {
    const [x, y] = place(active);
    pen.strokeStyle = ink.active;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 10, 0, 2 * Math.PI);
    pen.stroke();
  }
  if (brush !== undefined) {
    const [x0, y0] = [frame.left + brush.from[0] * inner.width, frame.top + brush.from[1] * inner.height];
    const [x1, y1] = [frame.left + brush.to[0] * inner.width, frame.top + brush.to[1] * inner.height];
    pen.strokeStyle = ink.brush;
    pen.lineWidth = 1;
    pen.fillStyle = `rgba(${ink.good}, 0.12)`;
    pen.fillRect(x0, y0, x1 - x0, y1 - y0);
    pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }
}

function drawAxes(
  pen: CanvasRenderingContext2D,
  { plot, width, height, ink, zone }: Drawing,
  inner: { width: number; height: number },
): void {
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 1;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const ms of durationTicks(plot)) {
    const share = 1 - (Math.log10(ms) - plot.low) / (plot.high - plot.low);
    const y = Math.round(frame.top + share * inner.height) + 0.5;
    pen.strokeStyle = ink.grid;
    line(pen, frame.left, y, width - frame.right, y);
    pen.fillStyle = ink.text;
    pen.fillText(formatDuration(ms * 1e6), frame.left - 8, y);
  }
  pen.textBaseline = "alphabetic";
  pen.textAlign = "center";
  const { at, stepMs } = timeTicks(plot, Math.max(2, Math.floor(inner.width / tickWidth)));
  for (const ms of at) {
    const x = Math.round(frame.left + ((ms - plot.fromMs) / (plot.toMs - plot.fromMs)) * inner.width) + 0.5;
    pen.strokeStyle = ink.grid;
    line(pen, x, frame.top, x, height - frame.bottom);
    // Beside the edge it would be cut.
    if (x > width - labelRoom) continue;
    pen.fillStyle = ink.text;
    pen.fillText(momentOf(ms, plot, stepMs, zone), x, height - 8);
  }
}

/** As exact as the steps between moments, with the day where there are several. */
function momentOf(ms: number, { fromMs, toMs }: Plot, stepMs: number, zone: string | undefined): string {
  if (toMs - fromMs > dayMs) return formatTime(ms, zone).slice(5, 16);
  return stepMs < 1_000 ? formatTime(ms, zone).slice(11) : formatClock(ms, zone);
}

function line(pen: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

/** Errors have another shape, too: not everyone sees the colour. */
function diamond(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.moveTo(x, y - radius);
  pen.lineTo(x + radius, y);
  pen.lineTo(x, y + radius);
  pen.lineTo(x - radius, y);
  pen.closePath();
}
