import { formatCount, formatDuration } from "../ui/format.ts";
import type { Theme } from "../ui/theme.tsx";
import { type ColourKey, ink } from "./colours.ts";
import { paintBar } from "./paint-bar.ts";
import type { TextFitter } from "./paint-text.ts";
import { axisTicks, position, type TimeRange } from "./ticks.ts";
import type { TraceData } from "./trace-data.ts";

export const rowHeight = 26;
export const headHeight = 30;
const indent = 14;
/** Deeper levels stay where this one is and show their number: a chain of thousands must not leave the page. */
const deepest = 18;
const tickWidth = 96;
/** The last mark keeps its line, but half a number would be a wrong one. */
const tickLabelWidth = 56;
const textFont = "13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const smallFont = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/** Pixels: where the parts of a row stand. */
export interface Columns {
  width: number;
  names: number;
  /** The time axis: from, and how wide. */
  track: number;
  trackWidth: number;
  /** Right edge of the column of self times; 0 where there is no room for it. */
  self: number;
  duration: number;
}

export function columnsOf(width: number): Columns {
  const isNarrow = width < 700;
  const names = Math.min(Math.max(width * (isNarrow ? 0.42 : 0.34), 150), 460);
  const durations = isNarrow ? 72 : 146;
  const trackWidth = Math.max(40, width - names - durations - 8);
  return {
    width,
    names,
    track: names,
    trackWidth,
    self: isNarrow ? 0 : width - 82,
    duration: width - 12,
  };
}

export interface Scene {
  trace: TraceData;
  rows: Int32Array;
  zoom: TimeRange;
  colours: ColourKey;
  theme: Theme;
  columns: Columns;
  height: number;
  scrollTop: number;
  isFolded: (at: number) => boolean;
  /** Index of the span that the keys walk from, and line under the pointer; -1: none. */
  active: number;
  hovered: number;
  /** 1 for each span that a search found; undefined: nothing is searched. */
  found: Uint8Array | undefined;
  /** What is being marked by dragging, as pixels of the track. */
  marked: { from: number; to: number } | undefined;
  texts: TextFitter;
}

/** Everything that is seen of the timeline: rows and bars below a time axis that stays. */
export function paintTimeline(pen: CanvasRenderingContext2D, scene: Scene): void {
  const { rows, columns, theme, height, scrollTop, zoom } = scene;
  const colour = ink[theme];
  const ticks = axisTicks(zoom, Math.floor(columns.trackWidth / tickWidth));
  pen.fillStyle = colour.ground;
  pen.fillRect(0, 0, columns.width, height);
  pen.textBaseline = "middle";
  const first = Math.max(0, Math.floor(scrollTop / rowHeight));
  const last = Math.min(rows.length, Math.ceil((scrollTop + height - headHeight) / rowHeight));
  for (let row = first; row < last; row++) paintGround(pen, scene, row);
  pen.fillStyle = colour.grid;
  for (const tick of ticks)
    pen.fillRect(
      Math.round(columns.track + position(tick, zoom) * columns.trackWidth),
      headHeight,
      1,
      Math.min(height, (last - first) * rowHeight + rowHeight),
    );
  pen.save();
  pen.beginPath();
  pen.rect(columns.track - 4, headHeight, columns.trackWidth + 8, height);
  pen.clip();
  pen.translate(columns.track, 0);
  for (let row = first; row < last; row++) {
    const at = rows[row] ?? 0;
    const top = topOf(scene, row);
    paintBar(pen, { ...scene, at, top: top + 6, height: rowHeight - 13, width: columns.trackWidth });
  }
  pen.restore();
  for (let row = first; row < last; row++) paintTexts(pen, scene, row);
  paintHead(pen, scene, ticks);
}

function topOf({ scrollTop }: Scene, row: number): number {
  return headHeight + row * rowHeight - scrollTop;
}

function paintGround(pen: CanvasRenderingContext2D, scene: Scene, row: number): void {
  const { rows, columns, theme, active, hovered, found } = scene;
  const at = rows[row] ?? 0;
  const colour = ink[theme];
  const isFound = found?.[at] === 1;
  if (at !== active && row !== hovered && !isFound) return;
  pen.fillStyle = at === active ? colour.active : isFound ? colour.found : colour.raised;
  pen.fillRect(0, topOf(scene, row), columns.width, rowHeight);
  if (!isFound) return;
  pen.fillStyle = colour.foundLine;
  pen.fillRect(0, topOf(scene, row), 3, rowHeight);
}

/** Where the sign that folds a row stands. */
export function foldLeft(trace: TraceData, at: number, root: number): number {
  return 8 + Math.min(levelOf(trace, at, root), deepest) * indent;
}

function levelOf(trace: TraceData, at: number, root: number): number {
  return trace.depth(at) - (root < 0 ? 0 : trace.depth(root));
}

function paintTexts(pen: CanvasRenderingContext2D, scene: Scene, row: number): void {
  const { trace, rows, columns, theme, colours, texts, isFolded, found } = scene;
  const at = rows[row] ?? 0;
  const colour = ink[theme];
  const top = topOf(scene, row);
  const middle = top + rowHeight / 2;
  const level = levelOf(trace, at, rows[0] ?? 0);
  const depth = Math.min(level, deepest);
  const hasFailed = trace.hasFailed(at);
  const descendants = trace.descendants(at);
  pen.globalAlpha = found !== undefined && found[at] !== 1 ? 0.45 : 1;
  pen.fillStyle = colour.line;
  for (let guide = 1; guide <= depth; guide++) pen.fillRect(8 + guide * indent - 1, top, 1, rowHeight);
  let left = 8 + depth * indent;
  const isClosed = isFolded(at);
  if (descendants > 0) paintFold(pen, left + 8, middle, isClosed, colour.muted);
  left += 18;
  pen.fillStyle = colours.colourOf(at, theme);
  pen.beginPath();
  pen.roundRect(left, middle - 4.5, 9, 9, 2.5);
  pen.fill();
  if (colours.isStriped(at)) {
    pen.fillStyle = colour.ground;
    pen.fillRect(left, middle - 1, 9, 2);
  }
  left += 15;
  if (hasFailed || (isClosed && trace.analysis.errorBelow[at] === 1)) {
    paintCross(pen, left + 4, middle, colour.bad);
    left += 13;
  }
  const right = columns.names - 8;
  const badges: string[] = [];
  if (level > deepest) badges.push(`level ${formatCount(trace.depth(at))}`);
  if (isClosed) badges.push(`+${formatCount(descendants)}`);
  if (trace.attempt(at) > 0) badges.push(`attempt ${trace.attempt(at)}`);
  if (trace.isParentMissing(at)) badges.push("parent missing");
  if (trace.endsBeforeStart(at)) badges.push("ends before it starts");
  pen.font = smallFont;
  const badgeWidths = badges.map((text) => texts.fit(pen, text, right).width + 9);
  const badgesWidth = badgeWidths.reduce((sum, width) => sum + width + 5, 0);
  pen.font = textFont;
  const name = texts.fit(pen, trace.name(at), Math.max(right - left - badgesWidth, 30));
  pen.fillStyle = hasFailed ? colour.bad : colour.text;
  pen.fillText(name.text, left, middle + 0.5);
  left += name.width + 7;
  pen.font = smallFont;
  for (const [place, badge] of badges.entries()) {
    const width = badgeWidths[place] ?? 0;
    if (left + width > right + 4) break;
    pen.fillStyle = colour.raised;
    pen.beginPath();
    pen.roundRect(left, middle - 8, width, 16, 4);
    pen.fill();
    pen.fillStyle = colour.muted;
    pen.fillText(badge, left + 4.5, middle + 0.5);
    left += width + 5;
  }
  if (colours.by === "service" && left < right - 12) {
    pen.font = smallFont;
    pen.fillStyle = colour.muted;
    pen.fillText(texts.fit(pen, trace.service(at), right - left).text, left, middle + 1);
  }
  pen.font = textFont;
  pen.textAlign = "right";
  if (columns.self > 0) {
    pen.fillStyle = colour.muted;
    pen.fillText(formatDuration(trace.self(at)), columns.self, middle + 0.5);
  }
  pen.fillStyle = colour.text;
  pen.fillText(formatDuration(trace.duration(at)), columns.duration, middle + 0.5);
  pen.textAlign = "left";
  pen.globalAlpha = 1;
}

function paintFold(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  isClosed: boolean,
  colour: string,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (isClosed) {
    pen.moveTo(x - 2, y - 4);
    pen.lineTo(x + 2, y);
    pen.lineTo(x - 2, y + 4);
  } else {
    pen.moveTo(x - 4, y - 2);
    pen.lineTo(x, y + 2);
    pen.lineTo(x + 4, y - 2);
  }
  pen.stroke();
}

function paintCross(pen: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.beginPath();
  pen.moveTo(x - 3.5, y - 3.5);
  pen.lineTo(x + 3.5, y + 3.5);
  pen.moveTo(x + 3.5, y - 3.5);
  pen.lineTo(x - 3.5, y + 3.5);
  pen.stroke();
}

function paintHead(pen: CanvasRenderingContext2D, scene: Scene, ticks: readonly number[]): void {
  const { columns, theme, zoom, marked, height } = scene;
  const colour = ink[theme];
  pen.fillStyle = colour.ground;
  pen.fillRect(0, 0, columns.width, headHeight);
  pen.fillStyle = colour.line;
  pen.fillRect(0, headHeight - 1, columns.width, 1);
  pen.font = smallFont;
  pen.fillStyle = colour.muted;
  const middle = headHeight / 2;
  pen.fillText("Span", 16, middle);
  for (const tick of ticks) {
    const x = position(tick, zoom) * columns.trackWidth;
    pen.fillStyle = colour.grid;
    pen.fillRect(Math.round(columns.track + x), 8, 1, headHeight - 8);
    if (x > columns.trackWidth - tickLabelWidth) continue;
    pen.fillStyle = colour.muted;
    pen.fillText(tick === 0 ? "0" : formatDuration(tick), columns.track + x + 5, middle);
  }
  pen.textAlign = "right";
  pen.fillStyle = colour.muted;
  if (columns.self > 0) pen.fillText("Self", columns.self, middle);
  pen.fillText("Duration", columns.duration, middle);
  pen.textAlign = "left";
  if (marked === undefined) return;
  pen.globalAlpha = 0.18;
  pen.fillStyle = colour.link;
  pen.fillRect(
    columns.track + Math.min(marked.from, marked.to),
    0,
    Math.abs(marked.to - marked.from),
    height,
  );
  pen.globalAlpha = 1;
}
