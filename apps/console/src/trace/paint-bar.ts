import type { Theme } from "../ui/theme.tsx";
import { type ColourKey, ink } from "./colours.ts";
import { position, type TimeRange } from "./ticks.ts";
import type { TraceData } from "./trace-data.ts";
import { startOf } from "./worker/columns.ts";

const leastWidth = 2;
const radius = 2.5;

export interface Bar {
  trace: TraceData;
  at: number;
  /** Pixels from the top, and how high and wide a bar over all that is shown is. */
  top: number;
  height: number;
  width: number;
  zoom: TimeRange;
  colours: ColourKey;
  theme: Theme;
}

/**
 * A span over time: pale where children ran, full where the span itself did, red where it failed; hatched before it where it waited in a
 * queue; a line below where the trace's end waited for it; a tick for each event, a ring where it links elsewhere.
 */
export function paintBar(pen: CanvasRenderingContext2D, bar: Bar): void {
  const { trace, at, top, height, width, zoom, colours, theme } = bar;
  const wait = trace.wait(at);
  if (wait !== undefined) hatch(pen, { ...place(wait, zoom, width), top, height }, ink[theme].wait);
  const fromNs = trace.start(at);
  const { left, right } = place({ fromNs, toNs: fromNs + trace.duration(at) }, zoom, width);
  if (right < 0 || left > width) return paintSide(pen, bar, right < 0);
  pen.fillStyle = trace.hasFailed(at) ? ink[theme].error : colours.colourOf(at, theme);
  if (right - left <= leastWidth) pen.fillRect(left, top, right - left, height);
  else {
    pen.globalAlpha = 0.36;
    if (right - left < 4 * radius) pen.fillRect(left, top, right - left, height);
    else {
      pen.beginPath();
      pen.roundRect(left, top, right - left, height, radius);
      pen.fill();
    }
    pen.globalAlpha = 1;
    paintSelf(pen, bar);
    if (colours.isStriped(at)) {
      pen.fillStyle = ink[theme].ground;
      pen.fillRect(left, top + height / 2 - 0.75, right - left, 1.5);
    }
  }
  paintCritical(pen, bar);
  paintMarks(pen, bar, left);
  if (at !== trace.analysis.bottleneck) return undefined;
  pen.strokeStyle = ink[theme].warn;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.roundRect(left - 2.5, top - 2.5, right - left + 5, height + 5, radius + 2);
  pen.stroke();
  return undefined;
}

/** What lies outside of what is shown has an arrow where it can be found. */
function paintSide(pen: CanvasRenderingContext2D, { top, height, width, theme }: Bar, isLeft: boolean): void {
  const x = isLeft ? 2 : width - 2;
  const step = isLeft ? 4 : -4;
  pen.fillStyle = ink[theme].wait;
  pen.beginPath();
  pen.moveTo(x, top + height / 2);
  pen.lineTo(x + step, top + height / 2 - 4);
  pen.lineTo(x + step, top + height / 2 + 4);
  pen.fill();
}

/** The stretches in which no child ran. Thousands may share a pixel: those that touch are drawn as one. */
function paintSelf(pen: CanvasRenderingContext2D, { trace, at, top, height, width, zoom }: Bar): void {
  const end = trace.end(at);
  const toNs = trace.start(at) + trace.duration(at);
  let freeFrom = trace.start(at);
  let openLeft = Number.NaN;
  let openRight = 0;
  const add = (fromNs: number, untilNs: number): void => {
    const { left, right } = place({ fromNs, toNs: untilNs }, zoom, width, 1);
    if (right < 0 || left > width) return;
    if (left <= openRight && !Number.isNaN(openLeft)) openRight = Math.max(openRight, right);
    else {
      if (!Number.isNaN(openLeft)) pen.fillRect(openLeft, top, openRight - openLeft, height);
      openLeft = left;
      openRight = right;
    }
  };
  for (let child = at + 1; child < end && freeFrom < toNs; child = trace.end(child)) {
    const busyFrom = Math.min(trace.start(child), toNs);
    if (busyFrom > freeFrom) add(freeFrom, busyFrom);
    freeFrom = Math.max(freeFrom, trace.start(child) + trace.duration(child));
  }
  if (freeFrom < toNs) add(freeFrom, toNs);
  if (!Number.isNaN(openLeft)) pen.fillRect(openLeft, top, openRight - openLeft, height);
}

function paintCritical(
  pen: CanvasRenderingContext2D,
  { trace, at, top, height, width, zoom, theme }: Bar,
): void {
  const { criticalEnds, criticalFrom, criticalUntil } = trace.analysis;
  const end = criticalEnds[at] ?? 0;
  pen.fillStyle = ink[theme].critical;
  let painted = Number.NEGATIVE_INFINITY;
  for (let stretch = startOf(criticalEnds, at); stretch < end; stretch++) {
    const range = { fromNs: criticalFrom[stretch] ?? 0, toNs: criticalUntil[stretch] ?? 0 };
    const { left, right } = place(range, zoom, width, 1);
    if (right < 0 || left > width || right <= painted) continue;
    pen.fillRect(Math.max(left, painted), top + height + 1, right - Math.max(left, painted), 2);
    painted = right;
  }
}

function paintMarks(pen: CanvasRenderingContext2D, bar: Bar, left: number): void {
  const { trace, at, top, height, width, zoom, theme } = bar;
  const { eventEnds, eventTimes } = trace.columns;
  const shift = trace.shift(at);
  pen.fillStyle = ink[theme].event;
  let last = Number.NEGATIVE_INFINITY;
  for (let event = startOf(eventEnds, at); event < (eventEnds[at] ?? 0); event++) {
    const x = Math.round(position((eventTimes[event] ?? 0) + shift, zoom) * width);
    if (x < 0 || x > width || x === last) continue;
    pen.fillRect(Math.min(x, width - 2), top - 2, 2, height + 4);
    last = x;
  }
  if (!trace.hasLinks(at)) return;
  pen.strokeStyle = ink[theme].link;
  pen.lineWidth = 2;
  pen.fillStyle = ink[theme].ground;
  pen.beginPath();
  pen.arc(Math.max(left, 4), top + height / 2, 3.5, 0, Math.PI * 2);
  pen.fill();
  pen.stroke();
}

function hatch(
  pen: CanvasRenderingContext2D,
  { left, right, top, height }: { left: number; right: number; top: number; height: number },
  colour: string,
): void {
  const from = Math.max(left, 0);
  if (right <= from) return;
  pen.save();
  pen.beginPath();
  pen.rect(from, top + 2, right - from, height - 4);
  pen.clip();
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = from - height; x < right; x += 4) {
    pen.moveTo(x, top + height);
    pen.lineTo(x + height, top);
  }
  pen.stroke();
  pen.restore();
}

/** Pixels of a stretch: never too thin to be seen, nor so wide that a deep zoom outgrows what a canvas can count. */
function place(
  { fromNs, toNs }: TimeRange,
  zoom: TimeRange,
  width: number,
  least = leastWidth,
): { left: number; right: number } {
  const left = Math.max(position(fromNs, zoom) * width, -10);
  const right = Math.min(
    Math.max(position(toNs, zoom) * width, position(fromNs, zoom) * width + least),
    width + 10,
  );
  return { left, right };
}
