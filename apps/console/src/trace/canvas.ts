import { type RefObject, useLayoutEffect, useState } from "react";

/** Size of an element in CSS pixels, kept up to date; 0 by 0 before it stands on the page. */
export interface Box {
  width: number;
  height: number;
}

export function useBox(element: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const measure = () => setBox({ width: current.clientWidth, height: current.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return box;
}

/** A canvas of this size in CSS pixels, sharp on any screen, to be painted over; undefined where the browser gives no context. */
export function freshPen(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  // A canvas that is given its size is made anew.
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  // What nothing shines through is put on the page with less work.
  const pen = canvas.getContext("2d", { alpha: false });
  pen?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return pen ?? undefined;
}
