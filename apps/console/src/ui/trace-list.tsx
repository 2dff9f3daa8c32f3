import { Link } from "@tanstack/react-router";
import type { TraceSummary } from "@throughline/api";
import { formatAge, formatDuration, formatTime, nanosToMs } from "./format.ts";
import { StatusChip } from "./status-chip.tsx";

/** Traces, one a row; the bar compares durations on this page. */
export function TraceList({
  traces,
  nowMs,
  label,
}: {
  traces: readonly TraceSummary[];
  nowMs: number;
  label: string;
}) {
  const longest = Math.max(...traces.map(({ durationNs }) => durationNs), 1);
  return (
    <table className="list" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Ticket</th>
          <th scope="col">Status</th>
          <th scope="col" className="wide">
            First error
          </th>
          <th scope="col">Tenant</th>
          <th scope="col">Priority</th>
          <th scope="col">Started</th>
          <th scope="col" className="number">
            Spans
          </th>
          <th scope="col" className="duration">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {traces.map((trace) => (
          <TraceRow key={trace.traceId} trace={trace} longest={longest} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function TraceRow({ trace, longest, nowMs }: { trace: TraceSummary; longest: number; nowMs: number }) {
  const startMs = nanosToMs(trace.startUnixNano);
  return (
    <tr>
      <td>
        <Link to="/trace/$traceId" params={{ traceId: trace.traceId }} className="row-link">
          {trace.ticketId ?? trace.rootOperation}
        </Link>
        {trace.ticketId === null && <div className="muted small">{trace.rootService}</div>}
      </td>
      <td>
        <StatusChip summary={trace} />
      </td>
      <td className="wide">
        {trace.firstError !== null && (
          <span className="clip" title={trace.firstError.message}>
            <b>{trace.firstError.spanName}</b> {trace.firstError.message}
          </span>
        )}
      </td>
      <td>{trace.tenantId}</td>
      <td>{trace.priority}</td>
      <td title={formatTime(startMs)} className="nowrap">
        {formatAge(startMs, nowMs)}
      </td>
      <td className="number">{trace.spanCount}</td>
      <td className="duration">
        <span className="meter" aria-hidden="true">
          <span style={{ width: `${Math.max(1, (trace.durationNs / longest) * 100)}%` }} />
        </span>
        <span className="nowrap">{formatDuration(trace.durationNs)}</span>
      </td>
    </tr>
  );
}
