import type { TraceView } from "@throughline/api";
import { useEffect, useMemo, useRef, useState } from "react";
import { formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { useTheme } from "../ui/theme.tsx";
import { colourKeyOf } from "./colours.ts";
import { Minimap } from "./minimap.tsx";
import { ancestorsOf, foldableFrom, treeOf, visibleRows } from "./rows.ts";
import { SpanPanel } from "./span-panel.tsx";
import { formatRange, parseRange, type TimeRange } from "./ticks.ts";
import { Timeline } from "./timeline.tsx";
import { TraceHead } from "./trace-head.tsx";
import "./trace.css";

/** Browsers refuse to rewrite the address many times a second, as a held arrow key would. */
const addressDelayMs = 200;

export interface TraceScreenProps {
  trace: TraceView;
  nowMs: number;
  /** More spans may come. */
  isOpen: boolean;
  /** The URL's: id of the span whose panel is open. */
  selected: string | undefined;
  /** The URL's: what is zoomed into. */
  range: string | undefined;
  onView: (view: { span?: string | undefined; range?: string | undefined }) => void;
}

/** One trace: what it was, what went wrong, where the time went, and any span of it in full. */
export function TraceScreen({ trace, nowMs, isOpen, selected, range, onView }: TraceScreenProps) {
  const { spans, summary } = trace;
  const { theme } = useTheme();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  // A step by key holds until the address names another span.
  const [step, setStep] = useState({ from: selected, to: selected });
  const active = step.from === selected ? step.to : selected;
  const setActive = (spanId: string | undefined) => setStep({ from: selected, to: spanId });
  const screen = useRef<HTMLElement>(null);
  const tree = useMemo(() => treeOf(spans), [spans]);
  // The way to the active span is never folded, however it became the active one.
  const collapsed = useMemo(() => {
    if (active === undefined || folded.size === 0) return folded;
    const above = new Set(ancestorsOf(spans, active));
    return folded.isDisjointFrom(above) ? folded : folded.difference(above);
  }, [folded, active, spans]);
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const colours = useMemo(() => colourKeyOf(spans), [spans]);
  const zoom = useMemo(() => parseRange(range, summary.durationNs), [range, summary.durationNs]);

  // While the panel is open it follows the active span, and the address follows the panel.
  useEffect(() => {
    if (selected === undefined || active === undefined || active === selected) return undefined;
    const timer = setTimeout(() => onView({ span: active }), addressDelayMs);
    return () => clearTimeout(timer);
  }, [active, selected, onView]);

  const isPanelOpen = selected !== undefined;
  const shown = isPanelOpen ? spans.find(({ spanId }) => spanId === (active ?? selected)) : undefined;
  const open = (spanId: string) => {
    setActive(spanId);
    onView({ span: spanId });
  };
  const close = () => {
    setStep({ from: undefined, to: active });
    onView({ span: undefined });
    screen.current?.querySelector<HTMLElement>("[role=tree]")?.focus();
  };
  const toggle = (spanId: string) => {
    if (!collapsed.has(spanId) && active !== undefined && ancestorsOf(spans, active).includes(spanId)) {
      setActive(spanId);
    }
    setFolded(collapsed.symmetricDifference(new Set([spanId])));
  };
  const foldAll = () => {
    // Below the roots; what hides the active span takes its place.
    const all = foldableFrom(tree, 1);
    const above = active === undefined ? [] : ancestorsOf(spans, active);
    const outermost = above.at(-2);
    if (outermost !== undefined) setActive(outermost);
    setFolded(new Set(all));
  };
  const zoomTo = (next: TimeRange | undefined) =>
    onView({ range: next === undefined ? undefined : formatRange(next) });

  return (
    <section
      ref={screen}
      className="trace"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (isPanelOpen) close();
        else if (range !== undefined) zoomTo(undefined);
      }}
    >
      <TraceHead trace={trace} nowMs={nowMs} isOpen={isOpen} onOpen={open} />
      <Minimap spans={spans} totalNs={summary.durationNs} colours={colours} zoom={zoom} onZoom={zoomTo} />
      <div className="toolbar">
        <ul className="legend" aria-label={`Colours by ${colours.by}`}>
          {colours.labels.slice(0, 8).map((label) => (
            <li key={label}>
              <span className="swatch" style={{ background: colours.colourOfLabel(label, theme) }} />
              {label}
            </li>
          ))}
          <li>
            <span className="swatch swatch-self" /> self time
          </li>
          {spans.some(({ kind }) => kind === "producer") && (
            <li>
              <span className="swatch swatch-wait" /> waiting in the queue
            </li>
          )}
        </ul>
        <span className="grow" />
        {range !== undefined && (
          <button type="button" className="button small-button" onClick={() => zoomTo(undefined)}>
            {formatDuration(zoom.fromNs)} – {formatDuration(zoom.toNs)} <Icon name="close" size={12} />
            <span className="unseen">Show the whole trace</span>
          </button>
        )}
        <button
          type="button"
          className="button small-button"
          onClick={collapsed.size === 0 ? foldAll : () => setFolded(new Set())}
        >
          <Icon name="fold" size={14} /> {collapsed.size === 0 ? "Fold all" : "Unfold all"}
        </button>
      </div>
      <div className={shown === undefined ? "trace-body" : "trace-body with-panel"}>
        <Timeline
          tree={tree}
          rows={rows}
          zoom={zoom}
          colours={colours}
          collapsed={collapsed}
          active={active}
          bottleneck={trace.bottleneck?.spanId}
          onMove={setActive}
          onOpen={open}
          onToggle={toggle}
        />
        {shown !== undefined && (
          <SpanPanel
            key={shown.spanId}
            span={shown}
            colour={colours.colourOf(shown, theme)}
            onClose={close}
            onZoom={() =>
              zoomTo({
                fromNs: shown.startOffsetNs,
                toNs: shown.startOffsetNs + Math.max(shown.durationNs, 1),
              })
            }
          />
        )}
      </div>
    </section>
  );
}
