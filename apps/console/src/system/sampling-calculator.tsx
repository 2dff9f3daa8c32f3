import type { SystemStatus } from "@throughline/api";
import { useState } from "react";
import { formatCount, formatPercent } from "../ui/format.ts";
import { Command } from "../ui/states.tsx";
import { formatBytes, samplerArgument, samplingOutcome, shareThatFits } from "./sampling.ts";

const dayMs = 86_400_000;
const gigabyte = 1e9;
const assumedSpans = 20;
const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];

/** What was measured here; undefined where nothing is stored yet. */
function measured({ storage, retention, ingest }: SystemStatus, nowMs: number) {
  const spansPerTrace = storage !== null && storage.traces > 0 ? storage.spans / storage.traces : undefined;
  const bytesPerSpan = storage !== null && storage.spans > 0 ? storage.bytes / storage.spans : undefined;
  const days = (nowMs - Date.parse(ingest.since)) / dayMs;
  const spansPerDay = days > 0 ? ingest.spans / days : 0;
  return {
    spansPerTrace,
    bytesPerSpan,
    tracesPerDay: Math.round(spansPerDay / (spansPerTrace ?? assumedSpans)),
    retentionDays: retention.ageMs === null ? undefined : retention.ageMs / dayMs,
  };
}

/** How much disk a share of the traces takes, from what the spans here take. */
export function SamplingCalculator({ system, nowMs }: { system: SystemStatus; nowMs: number }) {
  // As it was when the page came: figures under one's hands do not move.
  const [known] = useState(() => measured(system, nowMs));
  const [traces, setTraces] = useState(String(Math.max(1, known.tracesPerDay)));
  const [spans, setSpans] = useState(rounded(known.spansPerTrace ?? assumedSpans));
  const [bytes, setBytes] = useState(rounded(known.bytesPerSpan ?? 25));
  const [days, setDays] = useState(rounded(known.retentionDays ?? 14));
  const [disk, setDisk] = useState("50");
  const [share, setShare] = useState(1);
  const input = {
    tracesPerDay: numberOf(traces),
    spansPerTrace: numberOf(spans),
    bytesPerSpan: numberOf(bytes),
    retentionDays: numberOf(days),
    share,
  };
  const outcome = samplingOutcome(input);
  const fitting = shareThatFits(input, numberOf(disk) * gigabyte);
  return (
    <section className="panel sampling" aria-labelledby="sampling">
      <h2 id="sampling">What sampling would take</h2>
      <div className="sampling-parts">
        <div className="form">
          <Field
            name="Traces a day, before sampling"
            value={traces}
            onValue={setTraces}
            note="as what came in since the start would make"
          />
          <Field
            name="Spans a trace"
            value={spans}
            onValue={setSpans}
            note={known.spansPerTrace === undefined ? "assumed" : "measured here"}
          />
          <Field
            name="Bytes a span, on disk"
            value={bytes}
            onValue={setBytes}
            note={known.bytesPerSpan === undefined ? "assumed: nothing is in a block yet" : "measured here"}
          />
          <Field
            name="Days kept"
            value={days}
            onValue={setDays}
            note={known.retentionDays === undefined ? undefined : "as set here"}
          />
          <Field name="Disk for it, GB" value={disk} onValue={setDisk} />
        </div>
        <div className="form">
          <label className="field">
            <span>
              Share of traces kept: <b>{formatPercent(share * 100)}</b>
            </span>
            <input
              type="range"
              min={0}
              max={steps.length - 1}
              step={1}
              value={nearestStep(share)}
              aria-valuetext={formatPercent(share * 100)}
              onChange={({ currentTarget: { value } }) => setShare(steps[Number(value)] ?? 1)}
            />
          </label>
          <div role="status">
            <dl className="sampling-outcome">
              <div>
                <dt>Traces a day</dt>
                <dd>{formatCount(Math.round(outcome.tracesPerDay))}</dd>
              </div>
              <div>
                <dt>Disk a day</dt>
                <dd>{formatBytes(outcome.bytesPerDay)}</dd>
              </div>
              <div>
                <dt>Disk in all</dt>
                <dd className={share > fitting ? "bad" : undefined}>{formatBytes(outcome.bytes)}</dd>
              </div>
              <div>
                <dt>Missed, of what happens ten times a day</dt>
                <dd>{formatPercent(outcome.missedPercent)} of days</dd>
              </div>
            </dl>
          </div>
          <p className="row">
            <span className="grow">
              {fitting >= 1
                ? `All traces fit ${disk} GB.`
                : `${formatPercent(fitting * 100)} of the traces fit ${disk} GB.`}
            </span>
            <button type="button" className="button" onClick={() => setShare(fitting)}>
              Keep as many as fit
            </button>
          </p>
          <Command>{`OTEL_TRACES_SAMPLER_ARG=${samplerArgument(share)}`}</Command>
          <p className="muted small">
            Tickets that fail, are partial or slow are kept whatever the share; those of other services are
            not.
          </p>
        </div>
      </div>
    </section>
  );
}

function Field({
  name,
  value,
  onValue,
  note,
}: {
  name: string;
  value: string;
  onValue: (value: string) => void;
  note?: string | undefined;
}) {
  return (
    <label className="field">
      <span>{name}</span>
      <input
        type="number"
        min={0}
        step="any"
        value={value}
        onChange={({ currentTarget }) => onValue(currentTarget.value)}
      />
      {note !== undefined && <small className="muted">{note}</small>}
    </label>
  );
}

function nearestStep(share: number): number {
  const at = steps.findIndex((step) => step >= share);
  return at === -1 ? steps.length - 1 : at;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** What is no number counts as none. */
function numberOf(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
