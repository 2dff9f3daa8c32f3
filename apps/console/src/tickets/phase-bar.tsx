import { formatDuration } from "../ui/format.ts";
import { phases, phaseShares, phasesText, totalMs } from "./phases.ts";

/** An attempt's time by phase; `ofMs` is as wide as the bar may get. */
export function PhaseBar({ latency, ofMs }: { latency: Readonly<Record<string, number>>; ofMs: number }) {
  const shares = phaseShares(latency);
  const total = totalMs(latency);
  if (total === undefined) return <span className="muted">–</span>;
  const text = phasesText(shares);
  return (
    <span className="phases" title={text}>
      <span className="phase-bar" aria-hidden="true">
        {shares.map(({ key, ms }) => (
          <i
            key={key}
            className={`phase phase-${key}`}
            style={{ width: `${(ms / Math.max(1, ofMs)) * 100}%` }}
          />
        ))}
      </span>
      <span className="nowrap">{formatDuration(total * 1e6)}</span>
      <span className="unseen">: {text}</span>
    </span>
  );
}

/** What the colours of the bars stand for. */
export function PhaseLegend() {
  return (
    <ul className="phase-legend" aria-label="Phases">
      {phases.map(({ key, name }) => (
        <li key={key}>
          <i className={`phase-swatch phase-${key}`} aria-hidden="true" /> {name}
        </li>
      ))}
    </ul>
  );
}
