import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { formatDuration } from "../ui/format.ts";
import { useTheme } from "../ui/theme.tsx";
import { freshPen, useBox } from "./canvas.ts";
import type { ColourKey } from "./colours.ts";
import { bleed, drawBars } from "./draw-bars.ts";
import type { Row, SpanTree } from "./rows.ts";
import { axisTicks, position, type TimeRange } from "./ticks.ts";
import { queueWaits } from "./time-parts.ts";
import { TimelineRow } from "./timeline-row.tsx";
import { rowKey } from "./timeline-keys.ts";

const rowHeight = 28;
const headHeight = 32;
const tickWidth = 90;
/** The last mark keeps its line, but half a number would be a wrong one. */
const tickLabelWidth = 56;

export interface TimelineProps {
  tree: SpanTree;
  rows: readonly Row[];
  zoom: TimeRange;
  colours: ColourKey;
  collapsed: ReadonlySet<string>;
  active: string | undefined;
  bottleneck: string | undefined;
  onMove: (spanId: string) => void;
  onOpen: (spanId: string) => void;
  onToggle: (spanId: string) => void;
}

/**
 * Nested bars over time. The rows are elements, for people and programs that read them; their bars are drawn on one
 * canvas that scrolls with them.
 */
export function Timeline(props: TimelineProps) {
  const { tree, rows, zoom, colours, collapsed, active, bottleneck, onMove, onOpen, onToggle } = props;
  const { theme } = useTheme();
  const scroller = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const track = useBox(axis);
  const waits = useMemo(() => queueWaits(tree.spans), [tree]);
  const ticks = useMemo(() => axisTicks(zoom, Math.floor(track.width / tickWidth)), [zoom, track.width]);
  const at = useMemo(() => rows.findIndex(({ span }) => span.spanId === active), [rows, active]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
  const items = virtual.getVirtualItems();
  const first = items.at(0)?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;

  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);

  useLayoutEffect(() => {
    if (canvas.current === null || track.width === 0) return;
    const drawn = rows.slice(first, last + 1);
    const pen = freshPen(canvas.current, track.width + 2 * bleed, drawn.length * rowHeight);
    const { width } = track;
    if (pen !== undefined) {
      drawBars(pen, { tree, rows: drawn, rowHeight, width, zoom, ticks, waits, colours, theme, bottleneck });
    }
  }, [tree, rows, first, last, track, zoom, ticks, waits, colours, theme, bottleneck]);

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2);
    const action = rowKey(event.key, { rows, at, collapsed, page });
    if (action === undefined) return;
    event.preventDefault();
    if (action.kind === "move") onMove(action.spanId);
    else if (action.kind === "open") onOpen(action.spanId);
    else onToggle(action.spanId);
  }

  return (
    <div ref={scroller} className="timeline">
      <div className="timeline-head" aria-hidden="true">
        <div className="timeline-name">Span</div>
        <div ref={axis} className="timeline-track">
          {ticks.map((tick) => (
            <span key={tick} className="tick" style={{ left: `${position(tick, zoom) * 100}%` }}>
              {position(tick, zoom) * track.width < track.width - tickLabelWidth && labelOf(tick)}
            </span>
          ))}
        </div>
        <div className="timeline-time timeline-self">Self</div>
        <div className="timeline-time">Duration</div>
      </div>
      <div
        className="timeline-rows"
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={at < 0 ? undefined : `span-${active}`}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={onKeyDown}
        onFocus={() => {
          const [top] = rows;
          if (at < 0 && top !== undefined) onMove(top.span.spanId);
        }}
      >
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const { spanId } = row.span;
          return (
            <TimelineRow
              key={spanId}
              row={row}
              top={start - headHeight}
              height={rowHeight}
              colour={colours.colourOf(row.span, theme)}
              showService={colours.by === "service"}
              wait={waits.get(spanId)}
              isActive={spanId === active}
              isCollapsed={collapsed.has(spanId)}
              onOpen={onOpen}
              onToggle={onToggle}
            />
          );
        })}
        <canvas
          ref={canvas}
          className="bars"
          style={{
            left: track.left - bleed,
            top: first * rowHeight,
            width: track.width + 2 * bleed,
            height: (last - first + 1) * rowHeight,
          }}
        />
      </div>
    </div>
  );
}

function labelOf(tickNs: number): string {
  return tickNs === 0 ? "0" : formatDuration(tickNs);
}
