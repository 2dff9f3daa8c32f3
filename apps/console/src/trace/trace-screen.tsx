import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { TraceViewSearch } from "../api/parameters.ts";
import { Loading } from "../ui/states.tsx";
import { useTheme } from "../ui/theme.tsx";
import { colourKeyOf } from "./colours.ts";
import { Minimap } from "./minimap.tsx";
import {
  deepestLevel,
  type Folds,
  isFolded,
  nothingFolded,
  turned,
  unfoldedTo,
  visibleRows,
} from "./rows.ts";
import { SpanPanel } from "./span-panel.tsx";
import { formatRange, parseRange, type TimeRange } from "./ticks.ts";
import { Timeline } from "./timeline.tsx";
import { Toolbar } from "./toolbar.tsx";
import type { TraceClient } from "./trace-client.ts";
import type { TraceData } from "./trace-data.ts";
import { TraceHead } from "./trace-head.tsx";
import { useTraceShortcuts } from "./trace-shortcuts.ts";
import { Zoom } from "./zoom.ts";
import "./trace.css";

const FlameGraph = lazy(async () => ({ default: (await import("./views/flame-graph.tsx")).FlameGraph }));
const Statistics = lazy(async () => ({ default: (await import("./views/statistics.tsx")).Statistics }));
const SpanGraph = lazy(async () => ({ default: (await import("./views/span-graph.tsx")).SpanGraph }));
const JsonView = lazy(async () => ({ default: (await import("./views/json-view.tsx")).JsonView }));

/** Browsers refuse to rewrite the address many times a second, as a held arrow key or a wheel would. */
const addressDelayMs = 200;

export interface TraceScreenProps {
  trace: TraceData;
  client: TraceClient;
  nowMs: number;
  /** More spans may come. */
  isOpen: boolean;
  /** The URL's. */
  view: TraceViewSearch;
  onView: (view: Partial<TraceViewSearch>) => void;
  /** Nanoseconds set for single clocks by hand. */
  shifts: ReadonlyMap<number, number>;
  onShift: (clock: number, ns: number | undefined) => void;
}

/** One trace: what it was, what went wrong, where the time went, and any span of it in full. */
export function TraceScreen({
  trace,
  client,
  nowMs,
  isOpen,
  view,
  onView,
  shifts,
  onShift,
}: TraceScreenProps) {
  const { theme } = useTheme();
  const selected = view.span;
  const [folds, setFolds] = useState<Folds>(nothingFolded);
  // A step by key holds until the address names another span.
  const [step, setStep] = useState({ from: selected, to: selected });
  const activeId = step.from === selected ? step.to : selected;
  const active = useMemo(() => trace.indexOf(activeId), [trace, activeId]);
  const screen = useRef<HTMLElement>(null);
  const focused = useMemo(() => trace.indexOf(view.focus), [trace, view.focus]);
  const colours = useMemo(() => colourKeyOf(trace), [trace]);
  const zoom = useZoomOf(trace, view.range, (range) => onView({ range }));
  const { found, mask } = useFound(trace, client, view.find);

  // The way to the active span is never folded, however it became the active one.
  const open = useMemo(() => (active < 0 ? folds : unfoldedTo(trace, folds, active)), [trace, folds, active]);
  const rows = useMemo(() => visibleRows(trace, open, focused), [trace, open, focused]);

  // While the panel is open it follows the active span, and the address follows the panel.
  useEffect(() => {
    if (selected === undefined || activeId === undefined || activeId === selected) return undefined;
    const timer = setTimeout(() => onView({ span: activeId }), addressDelayMs);
    return () => clearTimeout(timer);
  }, [activeId, selected, onView]);

  const isPanelOpen = selected !== undefined;
  const shown = isPanelOpen ? (active >= 0 ? active : trace.indexOf(selected)) : -1;
  const move = (at: number) => setStep({ from: selected, to: trace.spanId(at) });
  const openSpan = (at: number) => {
    const span = trace.spanId(at);
    setStep({ from: selected, to: span });
    const isOutside = focused >= 0 && (at < focused || at >= trace.end(focused));
    onView({ span, ...(isOutside ? { focus: undefined } : {}) });
  };
  const close = () => {
    setStep({ from: undefined, to: activeId });
    onView({ span: undefined });
    screen.current?.querySelector<HTMLElement>("[role=treegrid]")?.focus();
  };
  const turn = (at: number) => {
    // What hides the active span takes its place.
    if (!isFolded(trace, open, at) && active > at && active < trace.end(at)) move(at);
    setFolds(turned(open, trace.spanId(at)));
  };
  const foldFrom = (fromLevel: number | undefined) => {
    let hider = active;
    if (fromLevel !== undefined)
      while (hider >= 0 && trace.depth(hider) > fromLevel) hider = trace.parent(hider);
    if (hider >= 0 && hider !== active) move(hider);
    setFolds({ fromLevel, turned: new Set() });
  };
  const zoomToSpan = (at: number) => {
    const fromNs = trace.start(at);
    zoom.set({ fromNs, toNs: fromNs + Math.max(trace.duration(at), 1) });
  };
  const focusOn = (at: number) => onView({ focus: at === focused ? undefined : trace.spanId(at) });
  const stepFound = (by: 1 | -1) => {
    if (found === undefined || found.length === 0) return;
    const next = by > 0 ? found.find((at) => at > active) : found.findLast((at) => at < active);
    const at = next ?? (by > 0 ? found[0] : found.at(-1));
    if (at !== undefined) openSpan(at);
  };
  const stepError = (by: 1 | -1) => {
    const at = trace.nextError(active, by);
    if (at >= 0) openSpan(at);
  };
  const deepest = useMemo(() => deepestLevel(trace), [trace]);
  const stepLevel = (by: 1 | -1) => {
    const level = Math.min(folds.fromLevel ?? deepest, deepest) + by;
    foldFrom(level >= deepest ? undefined : Math.max(level, 0));
  };
  const back = () => {
    if (isPanelOpen) close();
    else if (view.focus !== undefined) onView({ focus: undefined });
    else zoom.set(zoom.whole());
  };
  useTraceShortcuts({
    trace,
    zoom,
    active,
    onView,
    openSpan,
    stepError,
    stepLevel,
    zoomToSpan,
    focusOn,
    back,
  });

  return (
    <section
      ref={screen}
      className="trace"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        back();
      }}
    >
      <TraceHead trace={trace} nowMs={nowMs} isOpen={isOpen} onOpen={openSpan} />
      <Minimap trace={trace} colours={colours} zoom={zoom} />
      <Toolbar
        trace={trace}
        view={view}
        onView={onView}
        zoom={zoom}
        colours={colours}
        folds={folds}
        deepest={deepest}
        focused={focused}
        found={found}
        active={active}
        shifts={shifts}
        onShift={onShift}
        onFind={stepFound}
        onError={stepError}
        onLevel={stepLevel}
        onFoldFrom={foldFrom}
      />
      <div className={shown < 0 ? "trace-body" : "trace-body with-panel"}>
        {view.view === undefined ? (
          <Timeline
            trace={trace}
            rows={rows}
            zoom={zoom}
            colours={colours}
            folds={open}
            active={active}
            found={mask}
            onMove={move}
            onOpen={openSpan}
            onTurn={turn}
          />
        ) : (
          <Suspense fallback={<Loading what="the view" />}>
            {view.view === "flame" && (
              <FlameGraph trace={trace} client={client} colours={colours} onOpen={openSpan} />
            )}
            {view.view === "statistics" && (
              <Statistics
                trace={trace}
                client={client}
                by={view.by}
                onBy={(by) => onView({ by })}
                onOpen={openSpan}
              />
            )}
            {view.view === "graph" && (
              <SpanGraph trace={trace} client={client} colours={colours} onOpen={openSpan} />
            )}
            {view.view === "json" && <JsonView trace={trace} active={active} />}
          </Suspense>
        )}
        {shown >= 0 && (
          <SpanPanel
            key={trace.spanId(shown)}
            trace={trace}
            client={client}
            at={shown}
            colour={colours.colourOf(shown, theme)}
            isStriped={colours.isStriped(shown)}
            isFocused={focused === shown}
            onClose={close}
            onZoom={() => zoomToSpan(shown)}
            onFocus={() => focusOn(shown)}
            onOpen={openSpan}
          />
        )}
      </div>
    </section>
  );
}

/** What is shown of the trace's time; the address follows it and, where it is another's, leads. */
function useZoomOf(
  trace: TraceData,
  range: string | undefined,
  onRange: (range: string | undefined) => void,
): Zoom {
  const [zoom] = useState(() => new Zoom(trace.totalNs, parseRange(range, trace.totalNs)));
  const written = useRef(range);
  const tell = useRef(onRange);
  useEffect(() => {
    tell.current = onRange;
  });
  useEffect(() => {
    const leads = range !== written.current;
    written.current = range;
    zoom.reset(trace.totalNs, leads ? parseRange(range, trace.totalNs) : undefined);
  }, [zoom, range, trace.totalNs]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = zoom.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const next = zoom.isWhole() ? undefined : formatRange(zoom.get() satisfies TimeRange);
        if (next === written.current) return;
        written.current = next;
        tell.current(next);
      }, addressDelayMs);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [zoom]);
  return zoom;
}

/** Spans in which a text occurs: their indexes, and 1 for each among all. */
function useFound(trace: TraceData, client: TraceClient, text = "") {
  const query = useQuery({
    queryKey: ["find", trace.head.summary.traceId, trace.reading, text],
    queryFn: ({ signal }) => client.ask("find", { reading: trace.reading, text }, signal),
    enabled: text !== "",
    structuralSharing: false,
    gcTime: 0,
  });
  const found = text === "" ? undefined : query.data;
  const mask = useMemo(() => {
    if (found === undefined) return undefined;
    const all = new Uint8Array(trace.count);
    for (const at of found) all[at] = 1;
    return all;
  }, [found, trace]);
  return { found, mask };
}
