import type { SpanView } from "@throughline/api";
import type { Theme } from "../ui/theme.tsx";
import { type ColourKey, ink } from "./colours.ts";
import type { Row, SpanTree } from "./rows.ts";
import { position, type TimeRange } from "./ticks.ts";
import { selfParts } from "./time-parts.ts";

const barHeight = 12;
const leastWidth = 2;
const radius = 2.5;
/** The canvas is so much wider at both ends than what it shows, for frames around bars that end there. */
export const bleed = 4;

export interface BarsToDraw {
  tree: SpanTree;
  /** Only those on the canvas, top to bottom. */
  rows: readonly Row[];
  rowHeight: number;
  /** CSS pixels that the zoomed range takes. */
  width: number;
  zoom: TimeRange;
  ticks: readonly number[];
  waits: ReadonlyMap<string, TimeRange>;
  colours: ColourKey;
  theme: Theme;
  bottleneck: string | undefined;
}

/**
 * A bar for each row: pale where children ran, full where the span itself did, red where it failed; hatched before it
 * where it waited in a queue; a tick for each event.
 */
export function drawBars(pen: CanvasRenderingContext2D, bars: BarsToDraw): void {
  const { rows, rowHeight, width, zoom, ticks, theme } = bars;
  pen.translate(bleed, 0);
  pen.fillStyle = ink[theme].grid;
  for (const tick of ticks)
    pen.fillRect(Math.round(position(tick, zoom) * width), 0, 1, rows.length * rowHeight);
  rows.forEach((row, line) => drawRow(pen, bars, row, line * rowHeight + (rowHeight - barHeight) / 2));
}

function drawRow(pen: CanvasRenderingContext2D, bars: BarsToDraw, { span, at }: Row, top: number): void {
  const { tree, width, zoom, waits, colours, theme, bottleneck } = bars;
  const wait = waits.get(span.spanId);
  if (wait !== undefined) hatch(pen, { ...place(wait, zoom, width), top }, ink[theme].wait);

  const fromNs = span.startOffsetNs;
  const bar = place({ fromNs, toNs: fromNs + span.durationNs }, zoom, width);
  if (bar.right < 0 || bar.left > width) return;
  pen.save();
  pen.beginPath();
  pen.roundRect(bar.left, top, bar.right - bar.left, barHeight, radius);
  pen.clip();
  pen.fillStyle = span.status === "error" ? ink[theme].error : colours.colourOf(span, theme);
  pen.globalAlpha = 0.36;
  pen.fillRect(bar.left, top, bar.right - bar.left, barHeight);
  pen.globalAlpha = 1;
  if (bar.right - bar.left <= leastWidth) pen.fillRect(bar.left, top, bar.right - bar.left, barHeight);
  else drawParts(pen, selfParts(tree, at), bars, top);
  pen.restore();
  drawEvents(pen, span, bars, top);
  if (span.spanId === bottleneck) {
    pen.strokeStyle = ink[theme].warn;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.roundRect(bar.left - 2.5, top - 2.5, bar.right - bar.left + 5, barHeight + 5, radius + 2);
    pen.stroke();
  }
}

/** Thousands of parts may share a pixel: those that touch are drawn as one. */
function drawParts(
  pen: CanvasRenderingContext2D,
  parts: readonly TimeRange[],
  { zoom, width }: BarsToDraw,
  top: number,
): void {
  let open: { left: number; right: number } | undefined;
  for (const part of parts) {
    const { left, right } = place(part, zoom, width);
    if (right < 0) continue;
    if (left > width) break;
    if (open !== undefined && left <= open.right) open.right = Math.max(open.right, right);
    else {
      if (open !== undefined) pen.fillRect(open.left, top, open.right - open.left, barHeight);
      open = { left, right };
    }
  }
  if (open !== undefined) pen.fillRect(open.left, top, open.right - open.left, barHeight);
}

function drawEvents(
  pen: CanvasRenderingContext2D,
  span: SpanView,
  { zoom, width, theme }: BarsToDraw,
  top: number,
) {
  pen.fillStyle = ink[theme].event;
  let last = Number.NEGATIVE_INFINITY;
  for (const { offsetNs } of span.events) {
    const x = Math.round(position(offsetNs, zoom) * width);
    if (x < 0 || x > width || x === last) continue;
    pen.fillRect(Math.min(x, width - 2), top - 2, 2, barHeight + 4);
    last = x;
  }
}

function hatch(
  pen: CanvasRenderingContext2D,
  { left, right, top }: { left: number; right: number; top: number },
  colour: string,
): void {
  const from = Math.max(left, 0);
  pen.save();
  pen.beginPath();
  pen.rect(from, top + 2, Math.max(right - from, 0), barHeight - 4);
  pen.clip();
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = from - barHeight; x < right; x += 4) {
    pen.moveTo(x, top + barHeight);
    pen.lineTo(x + barHeight, top);
  }
  pen.stroke();
  pen.restore();
}

/** Pixels of a stretch: never too thin to be seen, nor so wide that a deep zoom outgrows what a canvas can count. */
function place({ fromNs, toNs }: TimeRange, zoom: TimeRange, width: number): { left: number; right: number } {
  const left = Math.max(position(fromNs, zoom) * width, -10);
  const right = Math.min(
    Math.max(position(toNs, zoom) * width, position(fromNs, zoom) * width + leastWidth),
    width + 10,
  );
  return { left, right };
}
