import type { SystemStatus } from "@throughline/api";
import { useMemo, useState } from "react";
import { Chart, type Line, type StepRange } from "../services/chart.tsx";
import { formatRate, formatRates } from "../services/figures.ts";
import { formatCount } from "../ui/format.ts";
import { formatBytes } from "./sampling.ts";

const shownMs = 3_600_000;

const dropReasons = [
  ["invalidSpans", "spans with invalid ids"],
  ["refusedRequests", "requests refused: no room, or the store failed"],
  ["limitedRequests", "requests over the limits of their token"],
  ["lostDatagrams", "datagrams lost or unreadable"],
] as const;

/** What came in over the last hour, and what was dropped. */
export function Ingest({
  ingest,
  nowMs,
  onSearch,
}: {
  ingest: SystemStatus["ingest"];
  nowMs: number;
  onSearch: (window: { start: number; end: number }) => void;
}) {
  const [cursor, setCursor] = useState<number>();
  const [selected, setSelected] = useState<StepRange>();
  const { stepMs, steps } = ingest;
  const end = Math.floor(nowMs / stepMs) * stepMs;
  const hasDropped = Object.values(ingest.dropped).some((count) => count > 0);
  const drawn = useMemo(() => {
    const atMs: number[] = [];
    for (let at = end - shownMs; at <= end; at += stepMs) atMs.push(at);
    const spans = new Float64Array(atMs.length);
    const dropped = new Float64Array(atMs.length);
    for (const step of steps) {
      const at = Math.round((Date.parse(step.at) - stepMs - (end - shownMs)) / stepMs);
      if (at < 0 || at >= atMs.length) continue;
      spans[at] = (spans[at] ?? 0) + step.spans / (stepMs / 1_000);
      dropped[at] = (dropped[at] ?? 0) + step.dropped / (stepMs / 1_000);
    }
    const lines: Line[] = [{ name: "stored", values: [...spans], tone: "accent", isFilled: true }];
    if (hasDropped) lines.push({ name: "dropped", values: [...dropped], tone: "bad" });
    return { atMs, lines };
  }, [end, stepMs, steps, hasDropped]);
  return (
    <section className="panel ingest" aria-label="Ingest">
      <Chart
        title="Spans that came in"
        label={`Spans that came in over the last hour; ${formatCount(ingest.spans)} since the start.`}
        atMs={drawn.atMs}
        stepMs={stepMs}
        lines={drawn.lines}
        format={formatRate}
        formatAxis={formatRates}
        top={0.5}
        selected={selected}
        cursor={cursor}
        onSelect={setSelected}
        onCursor={setCursor}
        onSearch={() => {
          if (selected === undefined) return;
          const from = drawn.atMs[selected.from] ?? end;
          const to = (drawn.atMs[selected.to] ?? end) + stepMs;
          onSearch({ start: from * 1_000, end: to * 1_000 });
        }}
        onOpen={() => undefined}
      />
      <dl className="figures" aria-label="Since the start">
        <div>
          <dt>stored</dt>
          <dd>{formatCount(ingest.spans)} spans</dd>
        </div>
        <div>
          <dt>received</dt>
          <dd>{formatBytes(ingest.bytes)}</dd>
        </div>
        {dropReasons.map(([name, text]) => (
          <div key={name}>
            <dt>{text}</dt>
            <dd className={ingest.dropped[name] > 0 ? "bad" : undefined}>
              {formatCount(ingest.dropped[name])}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
