import { useMemo, useState } from "react";
import type { SearchView, ServicesView } from "../api/parameters.ts";
import type { Exemplar, RedMinute } from "../api/statistics.ts";
import { formatDuration, formatPercent, nanosToMs, plural } from "../ui/format.ts";
import { useTimeFormat } from "../ui/zone.tsx";
import { Chart, type Line, type StepRange } from "./chart.tsx";
import type { Mark } from "./chart-marks.ts";
import { errorPercent, type Figures, figuresOf, formatRate, formatRates, rateOf } from "./figures.ts";
import type { SpanWindow } from "./span-window.ts";

function linesOf(figures: Figures): Record<"rate" | "errors" | "durations", Line[]> {
  return {
    rate: [{ name: "spans", values: figures.rate, tone: "accent", isFilled: true }],
    errors: [{ name: "failed", values: figures.errors, tone: "bad", isFilled: true }],
    durations: [
      { name: "p99", values: figures.p99, tone: "muted" },
      { name: "p95", values: figures.p95, tone: "warn" },
      { name: "p50", values: figures.p50, tone: "busy" },
    ],
  };
}

function markOf({ traceId, startUnixNano, durationNs, isError }: Exemplar): Mark {
  return { id: traceId, atMs: nanosToMs(startUnixNano), value: durationNs, isBad: isError };
}

/** Rate, errors and durations of one service or operation over time; what is drawn over leads to its traces. */
export function ServiceCharts({
  name,
  minutes,
  total,
  window,
  exemplars,
  onZoom,
  onSearch,
  onOpen,
}: {
  name: string;
  minutes: readonly RedMinute[];
  total: RedMinute;
  window: SpanWindow;
  exemplars: readonly Exemplar[];
  onZoom: (next: ServicesView) => void;
  onSearch: (what: SearchView) => void;
  onOpen: (exemplar: Exemplar) => void;
}) {
  const formatTime = useTimeFormat();
  const [cursor, setCursor] = useState<number>();
  const [selected, setSelected] = useState<StepRange>();
  const figures = useMemo(() => figuresOf(minutes, window), [minutes, window]);
  const lines = useMemo(() => linesOf(figures), [figures]);
  const stepMs = window.stepMinutes * 60_000;
  const marks = useMemo(() => exemplars.map(markOf), [exemplars]);
  const range = selected && {
    fromMs: figures.atMs[selected.from] ?? window.startMs,
    toMs: Math.min(window.endMs, (figures.atMs[selected.to] ?? window.endMs) + stepMs),
  };
  const times = (of: { fromMs: number; toMs: number }) => ({
    start: Math.floor(of.fromMs * 1_000),
    end: Math.ceil(of.toMs * 1_000),
  });
  const search = (more: SearchView = {}) => {
    if (range !== undefined) onSearch({ ...times(range), ...more });
  };
  const shared = {
    atMs: figures.atMs,
    stepMs,
    selected,
    cursor,
    onSelect: setSelected,
    onCursor: setCursor,
    onSearch: () => search(),
    onOpen: (id: string) => {
      const one = exemplars.find(({ traceId }) => traceId === id);
      if (one !== undefined) onOpen(one);
    },
  };
  return (
    <section aria-label="Charts">
      <div className="charts">
        <Chart
          {...shared}
          title="Rate"
          label={`Rate of ${name}: ${formatRate(rateOf(total, window))}, ${plural(total.spans, "span")} in all.`}
          lines={lines.rate}
          format={formatRate}
          formatAxis={formatRates}
          top={0.001}
        />
        <Chart
          {...shared}
          title="Errors"
          label={`Errors of ${name}: ${formatPercent(errorPercent(total))}.`}
          lines={lines.errors}
          format={formatPercent}
          top={2}
        />
        <Chart
          {...shared}
          title="Duration"
          label={`Durations of ${name}: p50 ${formatDuration(total.p50Ns)}, p95 ${formatDuration(total.p95Ns)}, p99 ${formatDuration(total.p99Ns)}; ${plural(marks.length, "exemplar")}.`}
          lines={lines.durations}
          marks={marks}
          format={formatDuration}
          top={Math.max(1_000, ...marks.map(({ value }) => value))}
        />
      </div>
      <div className="chart-selection row">
        {range === undefined ? (
          <p className="muted small">
            Draw over a chart to search what was there; a diamond is a trace, a click opens it.
            {cursor !== undefined && ` ${formatTime(figures.atMs[cursor] ?? 0).slice(0, 16)}`}
          </p>
        ) : (
          <>
            <b>
              {formatTime(range.fromMs).slice(0, 16)} – {formatTime(range.toMs).slice(11, 16)}
            </b>
            <button type="button" className="button primary" onClick={() => search()}>
              Search these traces
            </button>
            <button type="button" className="button" onClick={() => search({ status: "error" })}>
              Only failed ones
            </button>
            <button
              type="button"
              className="button"
              onClick={() => search({ minDuration: `${Math.floor(total.p95Ns)}ns` })}
            >
              Only slower than p95
            </button>
            <button
              type="button"
              className="button"
              onClick={() => {
                setSelected(undefined);
                onZoom({ ...times(range), lookback: undefined });
              }}
            >
              Zoom in
            </button>
            <button type="button" className="button" onClick={() => setSelected(undefined)}>
              Select nothing
            </button>
          </>
        )}
      </div>
    </section>
  );
}
