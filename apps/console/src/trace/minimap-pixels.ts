import type { Theme } from "../ui/theme.tsx";
import { type ColourKey, ink } from "./colours.ts";
import type { TraceData } from "./trace-data.ts";

/** Where hundreds of spans share a line, a failed one is marked where it begins: it must not hide all the others. */
const errorMark = 3;

/**
 * The whole trace as an image, a line of pixels for one span or for hundreds: pixels are set, not drawn, as there may be a million spans.
 * Where several share a pixel, a failed one is what is seen.
 */
export function minimapPixels(
  trace: TraceData,
  { width, height, colours, theme }: { width: number; height: number; colours: ColourKey; theme: Theme },
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint32Array(width * height);
  const { count, totalNs } = trace;
  const scale = width / Math.max(totalNs, 1);
  const error = pixelOf(ink[theme].error);
  const known = new Map<string, number>();
  const thick = Math.max(1, Math.min(4, Math.floor(height / Math.max(count, 1))) - 1);
  const isDense = count > height;
  const line = (at: number, colour: number, most = width): void => {
    const left = Math.min(width - 1, Math.max(0, Math.floor(trace.start(at) * scale)));
    const end = Math.ceil((trace.start(at) + trace.duration(at)) * scale);
    const right = Math.min(width, Math.max(left + 1, end), left + most);
    const step = Math.min(height / count, 5);
    const top = Math.min(height - 1, Math.floor(at * step));
    for (let y = top; y < Math.min(top + thick, height); y++)
      pixels.fill(colour, y * width + left, y * width + right);
  };
  for (let at = 0; at < count; at++) {
    const text = colours.colourOf(at, theme);
    let colour = known.get(text);
    if (colour === undefined) known.set(text, (colour = pixelOf(text)));
    line(at, colour);
  }
  for (let at = 0; at < count; at++) if (trace.hasFailed(at)) line(at, error, isDense ? errorMark : width);
  return new Uint8ClampedArray(pixels.buffer);
}

/** `#rrggbb` as an image's pixel has it: red, green, blue, opaque, from the lowest byte up. */
function pixelOf(text: string): number {
  const number = Number.parseInt(text.slice(1), 16);
  return (((number & 255) << 16) | (number & 0xff00) | (number >> 16) | 0xff00_0000) >>> 0;
}
