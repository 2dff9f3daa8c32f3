import { type RefObject, useEffect, useState } from "react";

/** Size of an element in CSS pixels, kept up to date; 0 by 0 before it stands on the page. */
export interface Box {
  left: number;
  width: number;
  height: number;
}

export function useBox(element: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ left: 0, width: 0, height: 0 });
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const measure = () =>
      setBox({ left: current.offsetLeft, width: current.clientWidth, height: current.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return box;
}

/** An empty canvas of this size in CSS pixels, sharp on any screen; undefined where the browser gives no context. */
export function freshPen(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const pen = canvas.getContext("2d");
  pen?.scale(devicePixelRatio, devicePixelRatio);
  return pen ?? undefined;
}
