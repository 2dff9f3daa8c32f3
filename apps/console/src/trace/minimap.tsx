import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatDuration } from "../ui/format.ts";
import { useTheme } from "../ui/theme.tsx";
import { useBox } from "./canvas.ts";
import type { ColourKey } from "./colours.ts";
import { minimapPixels } from "./minimap-pixels.ts";
import { position } from "./ticks.ts";
import type { TraceData } from "./trace-data.ts";
import { useRestingZoom, type Zoom } from "./zoom.ts";

/** A shorter drag is a click. */
const leastDrag = 5;

export interface MinimapProps {
  trace: TraceData;
  colours: ColourKey;
  zoom: Zoom;
}

interface Drag {
  from: number;
  to: number;
  /** The window itself is moved. */
  isMove: boolean;
}

/**
 * The whole trace at a glance. Dragging over a stretch zooms into it, dragging what is shown moves it, the wheel zooms, and a double click
 * shows all again.
 */
export function Minimap({ trace, colours, zoom }: MinimapProps) {
  const { theme } = useTheme();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useBox(frame);
  const range = useRestingZoom(zoom);
  const shades = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const { totalNs } = trace;

  useLayoutEffect(() => {
    const { current } = canvas;
    const [wide, high] = [Math.round(width), Math.round(height)];
    if (current === null || wide === 0 || high === 0) return;
    current.width = wide;
    current.height = high;
    const pixels = minimapPixels(trace, { width: wide, height: high, colours, theme });
    current.getContext("2d")?.putImageData(new ImageData(pixels, wide, high), 0, 0);
  }, [trace, colours, theme, width, height]);

  // It moves with every turn of the wheel: nothing else is drawn anew for that.
  useLayoutEffect(() => {
    const show = (): void => {
      const whole = { fromNs: 0, toNs: Math.max(totalNs, 1) };
      const { current } = shades;
      if (current === null) return;
      current.hidden = zoom.isWhole();
      const { style } = current;
      style.setProperty("--from", String(position(zoom.get().fromNs, whole)));
      style.setProperty("--to", String(position(zoom.get().toNs, whole)));
    };
    show();
    return zoom.subscribe(show);
  }, [zoom, totalNs]);

  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, width: across } = current.getBoundingClientRect();
      const { fromNs, toNs } = zoom.get();
      const at = ((event.clientX - left) / across) * totalNs;
      if (event.shiftKey) zoom.pan(event.deltaY / across);
      else zoom.by(1.0015 ** event.deltaY, Math.min(Math.max((at - fromNs) / (toNs - fromNs), 0), 1));
    };
    current.addEventListener("wheel", onWheel, { passive: false });
    return () => current.removeEventListener("wheel", onWheel);
  }, [zoom, totalNs]);

  const xOf = (event: PointerEvent<HTMLElement>) =>
    Math.min(Math.max(event.clientX - event.currentTarget.getBoundingClientRect().left, 0), width);
  const ns = (x: number) => (x / Math.max(width, 1)) * totalNs;
  const whole = zoom.whole();
  return (
    <div
      ref={frame}
      className="minimap"
      role="img"
      aria-label={`Overview of ${formatDuration(totalNs)}, of which ${formatDuration(range.toNs - range.fromNs)} is shown below`}
      onPointerDown={(event) => {
        const x = xOf(event);
        event.currentTarget.setPointerCapture(event.pointerId);
        const { fromNs, toNs } = zoom.get();
        const isInside = ns(x) > fromNs && ns(x) < toNs;
        setDrag({ from: x, to: x, isMove: !zoom.isWhole() && isInside });
      }}
      onPointerMove={(event) => {
        if (drag === undefined) return;
        const x = xOf(event);
        if (drag.isMove) {
          const step = ns(x) - ns(drag.to);
          const { fromNs, toNs } = zoom.get();
          zoom.set({ fromNs: fromNs + step, toNs: toNs + step });
        }
        setDrag({ ...drag, to: x });
      }}
      onPointerCancel={() => setDrag(undefined)}
      onPointerUp={() => {
        if (drag !== undefined && !drag.isMove && Math.abs(drag.to - drag.from) >= leastDrag)
          zoom.set({ fromNs: ns(Math.min(drag.from, drag.to)), toNs: ns(Math.max(drag.from, drag.to)) });
        setDrag(undefined);
      }}
      onDoubleClick={() => zoom.set(whole)}
    >
      <canvas ref={canvas} style={{ width, height }} />
      <div ref={shades} className="shades">
        <span className="shade shade-before" />
        <span className="shade shade-behind" />
        <span className="window" />
      </div>
      {drag !== undefined && !drag.isMove && (
        <span
          className="drag"
          style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
        />
      )}
    </div>
  );
}
