import type { SpanView } from "@throughline/api";
import { useEffect, useRef } from "react";

const height = 44;

/** The whole trace on a canvas: a line per span, errors in red, however many there are. */
export function Minimap({
  spans,
  totalNs,
  colours,
}: {
  spans: readonly SpanView[];
  totalNs: number;
  colours: ReadonlyMap<string, string>;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const draw = () => drawSpans(element, spans, totalNs, colours);
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [spans, totalNs, colours]);
  return (
    <canvas ref={canvas} className="minimap" height={height} role="img" aria-label="Overview of the trace" />
  );
}

function drawSpans(
  element: HTMLCanvasElement,
  spans: readonly SpanView[],
  totalNs: number,
  colours: ReadonlyMap<string, string>,
): void {
  const width = element.clientWidth;
  const scale = devicePixelRatio;
  element.width = width * scale;
  element.height = height * scale;
  const pen = element.getContext("2d");
  if (pen === null) return;
  pen.scale(scale, scale);
  pen.clearRect(0, 0, width, height);
  const line = Math.min(5, Math.max(1, height / Math.max(spans.length, 1)));
  const error = getComputedStyle(element).getPropertyValue("--error");
  // Past some thousands of spans several share a pixel: every n-th is drawn, errors always.
  const every = Math.max(1, Math.floor(spans.length / 4_000));
  spans.forEach((span, at) => {
    const failed = span.status === "error";
    if (!failed && at % every !== 0) return;
    const x = (span.startOffsetNs / Math.max(totalNs, 1)) * width;
    const y = (at / Math.max(spans.length, 1)) * (height - line);
    pen.fillStyle = failed ? error : (colours.get(span.service) ?? error);
    pen.fillRect(
      x,
      y,
      Math.max(1, (span.durationNs / Math.max(totalNs, 1)) * width),
      Math.max(1, line - 0.5),
    );
  });
}
