import type { TraceViewSearch } from "../api/parameters.ts";
import { useShortcuts } from "../ui/shortcuts.tsx";
import type { TraceData } from "./trace-data.ts";
import type { Zoom } from "./zoom.ts";

/** The keys of a trace; those of its rows are the timeline's own. */
export function useTraceShortcuts(parts: {
  trace: TraceData;
  zoom: Zoom;
  active: number;
  onView: (view: Partial<TraceViewSearch>) => void;
  openSpan: (at: number) => void;
  stepError: (by: 1 | -1) => void;
  stepLevel: (by: 1 | -1) => void;
  zoomToSpan: (at: number) => void;
  focusOn: (at: number) => void;
  back: () => void;
}): void {
  const { trace, zoom, active, onView, openSpan, stepError, stepLevel, zoomToSpan, focusOn, back } = parts;
  const at = (run: (at: number) => void) => () => active >= 0 && run(active);
  useShortcuts("Trace", [
    {
      keys: "ArrowDown",
      does: "next span (ArrowUp: the one before; ArrowLeft, ArrowRight: fold and unfold)",
    },
    { keys: "Enter", does: "open the span" },
    {
      keys: "Escape",
      does: "close the span, then show the whole trace",
      // Of a dialog over the page it is not ours.
      run: () => document.activeElement === document.body && back(),
    },
    { keys: "f", does: "find in this trace", run: () => document.getElementById("find-in-trace")?.focus() },
    { keys: "e", does: "next failed span", run: () => stepError(1) },
    { keys: "E", does: "failed span before", run: () => stepError(-1) },
    {
      keys: "b",
      does: "the bottleneck",
      run: () => trace.analysis.bottleneck >= 0 && openSpan(trace.analysis.bottleneck),
    },
    { keys: "+", does: "zoom in", run: () => zoom.by(0.7) },
    { keys: "=", does: "zoom in", run: () => zoom.by(0.7) },
    { keys: "-", does: "zoom out", run: () => zoom.by(1 / 0.7) },
    { keys: "0", does: "the whole trace", run: () => zoom.set(zoom.whole()) },
    { keys: "a", does: "earlier", run: () => zoom.pan(-0.15) },
    { keys: "d", does: "later", run: () => zoom.pan(0.15) },
    { keys: "z", does: "zoom to the span", run: at(zoomToSpan) },
    { keys: "s", does: "only this subtree, or the whole trace again", run: at(focusOn) },
    { keys: "[", does: "fold a level more", run: () => stepLevel(-1) },
    { keys: "]", does: "fold a level less", run: () => stepLevel(1) },
    { keys: "1", does: "timeline", run: () => onView({ view: undefined }) },
    { keys: "2", does: "flame graph", run: () => onView({ view: "flame" }) },
    { keys: "3", does: "statistics", run: () => onView({ view: "statistics" }) },
    { keys: "4", does: "graph", run: () => onView({ view: "graph" }) },
    { keys: "5", does: "JSON", run: () => onView({ view: "json" }) },
  ]);
}
