import type { SpanView } from "@throughline/api";
import { type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { formatDuration } from "../ui/format.ts";
import { useTheme } from "../ui/theme.tsx";
import { freshPen, useBox } from "./canvas.ts";
import { type ColourKey, ink } from "./colours.ts";
import { position, type TimeRange } from "./ticks.ts";

/** A shorter drag is a click. */
const leastDrag = 5;

export interface MinimapProps {
  spans: readonly SpanView[];
  totalNs: number;
  colours: ColourKey;
  zoom: TimeRange;
  onZoom: (range: TimeRange | undefined) => void;
}

/** The whole trace at a glance, a line per span. Dragging over a stretch zooms into it, a double click out again. */
export function Minimap({ spans, totalNs, colours, zoom, onZoom }: MinimapProps) {
  const { theme } = useTheme();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useBox(frame);
  const [drag, setDrag] = useState<{ from: number; to: number }>();

  useLayoutEffect(() => {
    if (canvas.current === null || width === 0) return;
    const pen = freshPen(canvas.current, width, height);
    if (pen === undefined) return;
    const line = Math.min(4, Math.max(1, (height - 8) / Math.max(spans.length, 1)));
    const draw = (span: SpanView, at: number) => {
      pen.fillStyle = span.status === "error" ? ink[theme].error : colours.colourOf(span, theme);
      const x = (span.startOffsetNs / Math.max(totalNs, 1)) * width;
      const y = 4 + (at / Math.max(spans.length, 1)) * (height - 8);
      pen.fillRect(
        x,
        y,
        Math.max(1, (span.durationNs / Math.max(totalNs, 1)) * width),
        Math.max(1, line - 0.5),
      );
    };
    spans.forEach(draw);
    // Where many spans share a pixel, the failed ones must be those that are seen.
    spans.forEach((span, at) => span.status === "error" && draw(span, at));
  }, [spans, totalNs, colours, theme, width, height]);

  const xOf = (event: PointerEvent<HTMLElement>) =>
    Math.min(Math.max(event.clientX - event.currentTarget.getBoundingClientRect().left, 0), width);
  const whole = { fromNs: 0, toNs: Math.max(totalNs, 1) };
  const left = position(zoom.fromNs, whole) * 100;
  const right = position(zoom.toNs, whole) * 100;
  return (
    <div
      ref={frame}
      className="minimap"
      role="img"
      aria-label={`Overview of ${formatDuration(totalNs)}, of which ${formatDuration(zoom.toNs - zoom.fromNs)} is shown below`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: xOf(event), to: xOf(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: xOf(event) })}
      onPointerCancel={() => setDrag(undefined)}
      onPointerUp={() => {
        if (drag !== undefined && Math.abs(drag.to - drag.from) >= leastDrag) {
          const ns = (x: number) => (x / width) * totalNs;
          onZoom({ fromNs: ns(Math.min(drag.from, drag.to)), toNs: ns(Math.max(drag.from, drag.to)) });
        }
        setDrag(undefined);
      }}
      onDoubleClick={() => onZoom(undefined)}
    >
      <canvas ref={canvas} style={{ width, height }} />
      <span className="shade" style={{ left: 0, width: `${left}%` }} />
      <span className="shade" style={{ right: 0, width: `${100 - right}%` }} />
      {drag !== undefined && (
        <span
          className="drag"
          style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
        />
      )}
    </div>
  );
}
