import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTheme } from "../ui/theme.tsx";
import { freshPen, useBox } from "./canvas.ts";
import type { ColourKey } from "./colours.ts";
import { TextFitter } from "./paint-text.ts";
import { columnsOf, foldLeft, headHeight, paintTimeline, rowHeight, type Scene } from "./paint-timeline.ts";
import { type Folds, isFolded, rowOf } from "./rows.ts";
import { rowKey } from "./timeline-keys.ts";
import { TimelineTable } from "./timeline-table.tsx";
import type { TraceData } from "./trace-data.ts";
import type { Zoom } from "./zoom.ts";

/** A shorter drag is a click. */
const leastDrag = 5;
/** One notch of a wheel. */
const wheelZoom = 1.0015;

export interface TimelineProps {
  trace: TraceData;
  rows: Int32Array;
  zoom: Zoom;
  colours: ColourKey;
  folds: Folds;
  active: number;
  found: Uint8Array | undefined;
  onMove: (at: number) => void;
  onOpen: (at: number) => void;
  onTurn: (at: number) => void;
}

interface Drag {
  kind: "mark" | "pan";
  x: number;
  from: number;
  hasMoved: boolean;
}

/**
 * Nested bars over time on one canvas, drawn anew where the reader scrolls, zooms or drags; the same as a table for programs that read,
 * above it and unseen.
 */
export function Timeline(props: TimelineProps) {
  const { trace, rows, zoom, colours, folds, active, found, onMove, onOpen, onTurn } = props;
  const { theme } = useTheme();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useBox(scroller);
  const columns = useMemo(() => columnsOf(box.width), [box.width]);
  const texts = useMemo(() => new TextFitter(), []);
  const [hovered, setHovered] = useState(-1);
  const drag = useRef<Drag>(undefined);
  const isPressed = useRef(false);
  const marked = useRef<Scene["marked"]>(undefined);
  const activeRow = active < 0 ? -1 : rowOf(rows, active);

  const paint = useRef<() => void>(() => undefined);
  useLayoutEffect(() => {
    let frame = 0;
    const draw = (): void => {
      frame = 0;
      if (canvas.current === null || scroller.current === null || box.width === 0) return;
      const pen = freshPen(canvas.current, box.width, box.height);
      if (pen === undefined) return;
      paintTimeline(pen, {
        trace,
        rows,
        zoom: zoom.get(),
        colours,
        theme,
        columns,
        height: box.height,
        scrollTop: scroller.current.scrollTop,
        isFolded: (at) => isFolded(trace, folds, at),
        active,
        hovered,
        found,
        marked: marked.current,
        texts,
      });
    };
    // One drawing for all that happens before the next frame.
    paint.current = () => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    draw();
    const unsubscribe = zoom.subscribe(() => paint.current());
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
    };
  }, [trace, rows, zoom, colours, theme, columns, box, folds, active, hovered, found, texts]);

  useEffect(() => {
    const { current } = scroller;
    if (current === null || activeRow < 0) return;
    const top = activeRow * rowHeight;
    const room = current.clientHeight - headHeight;
    if (top < current.scrollTop) current.scrollTop = top;
    else if (top + rowHeight > current.scrollTop + room) current.scrollTop = top + rowHeight - room;
  }, [activeRow]);

  useEffect(() => {
    const { current } = scroller;
    if (current === null) return undefined;
    // React listens for the wheel without the right to keep the page from zooming.
    const onWheel = (event: WheelEvent): void => {
      const { left, top } = current.getBoundingClientRect();
      const share = (event.clientX - left - columns.track) / columns.trackWidth;
      const isHead = event.clientY - top < headHeight;
      if (event.ctrlKey || event.metaKey || event.altKey || isHead) {
        event.preventDefault();
        zoom.by(
          wheelZoom ** (event.deltaY * (event.deltaMode === 1 ? 20 : 1)),
          Math.min(Math.max(share, 0), 1),
        );
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        zoom.pan((event.deltaX === 0 ? event.deltaY : event.deltaX) / columns.trackWidth);
      }
    };
    current.addEventListener("wheel", onWheel, { passive: false });
    return () => current.removeEventListener("wheel", onWheel);
  }, [zoom, columns]);

  const placeOf = (event: PointerEvent): { x: number; y: number; row: number } => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const y = event.clientY - top;
    const row =
      y < headHeight ? -1 : Math.floor((y - headHeight + event.currentTarget.scrollTop) / rowHeight);
    return { x: event.clientX - left, y, row: row < rows.length ? row : -1 };
  };

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    isPressed.current = true;
    const { x, y } = placeOf(event);
    const inTrack = x >= columns.track && x <= columns.track + columns.trackWidth;
    if (event.button !== 0 || !inTrack || event.pointerType === "touch") return;
    const kind = y < headHeight || event.shiftKey ? "mark" : "pan";
    drag.current = { kind, x, from: zoom.get().fromNs, hasMoved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  }

  function onPointerMove(event: PointerEvent<HTMLDivElement>): void {
    const { x, row } = placeOf(event);
    const { current } = drag;
    if (current === undefined) {
      setHovered(row);
      return;
    }
    current.hasMoved ||= Math.abs(x - current.x) >= leastDrag;
    if (!current.hasMoved) return;
    if (current.kind === "mark") {
      marked.current = { from: current.x - columns.track, to: x - columns.track };
      paint.current();
    } else {
      const { fromNs, toNs } = zoom.get();
      const from = current.from - ((x - current.x) / columns.trackWidth) * (toNs - fromNs);
      zoom.set({ fromNs: from, toNs: from + toNs - fromNs });
    }
  }

  function onPointerUp(event: PointerEvent<HTMLDivElement>): void {
    const { current } = drag;
    isPressed.current = false;
    drag.current = undefined;
    if (current?.hasMoved !== true) return click(event);
    if (current.kind !== "mark" || marked.current === undefined) return undefined;
    const { from, to } = marked.current;
    const { fromNs, toNs } = zoom.get();
    const at = (pixels: number): number => fromNs + (pixels / columns.trackWidth) * (toNs - fromNs);
    marked.current = undefined;
    zoom.set({ fromNs: at(Math.min(from, to)), toNs: at(Math.max(from, to)) });
    paint.current();
    return undefined;
  }

  function click(event: PointerEvent<HTMLDivElement>): void {
    const { x, row } = placeOf(event);
    const at = rows[row];
    if (event.button !== 0 || at === undefined) return;
    const fold = foldLeft(trace, at, rows[0] ?? 0);
    if (trace.descendants(at) > 0 && x >= fold - 2 && x < fold + 18) onTurn(at);
    else onOpen(at);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      zoom.pan(event.key === "ArrowLeft" ? -0.15 : 0.15);
      return;
    }
    const page = Math.max(1, Math.floor((box.height - headHeight) / rowHeight) - 2);
    const action = rowKey(event.key, { trace, rows, row: activeRow, folds, page });
    if (action === undefined) return;
    event.preventDefault();
    if (action.kind === "move") onMove(action.at);
    else if (action.kind === "open") onOpen(action.at);
    else onTurn(action.at);
  }

  return (
    <div
      ref={scroller}
      className="timeline"
      onScroll={() => paint.current()}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => {
        isPressed.current = false;
        drag.current = undefined;
        marked.current = undefined;
      }}
      onPointerLeave={() => setHovered(-1)}
      onDoubleClick={() => zoom.set(zoom.whole())}
    >
      <div className="timeline-canvas" aria-hidden="true">
        <canvas ref={canvas} style={{ width: box.width, height: box.height }} />
      </div>
      <TimelineTable
        trace={trace}
        rows={rows}
        folds={folds}
        active={active}
        activeRow={activeRow}
        scroller={scroller}
        height={box.height}
        onKeyDown={onKeyDown}
        onFocus={() => {
          // A press chooses a row itself: the rows must not move away below it.
          if (!isPressed.current && activeRow < 0 && rows[0] !== undefined) onMove(rows[0]);
        }}
      />
    </div>
  );
}
