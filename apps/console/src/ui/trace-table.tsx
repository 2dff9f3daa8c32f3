import { Link } from "@tanstack/react-router";
import type { TraceSummary } from "@throughline/api";
import { useRef } from "react";
import { Age } from "./age.tsx";
import { formatCount, formatDuration, nanosToMs, plural } from "./format.ts";
import { useRowWindow } from "./row-window.ts";
import { StatusChips } from "./status-chip.tsx";
import { moveBetweenRows, tickRow } from "./table-keys.ts";

/** Traces, one a row, of many those that are in sight; the bars compare the durations on this page. */
export function TraceTable({
  traces,
  nowMs,
  selected,
  onSelect,
}: {
  traces: readonly TraceSummary[];
  nowMs: number;
  selected?: ReadonlySet<string>;
  /** Makes rows that can be selected. */
  onSelect?: (selected: ReadonlySet<string>) => void;
}) {
  const toggle = (traceId: string) => {
    const next = new Set(selected);
    if (!next.delete(traceId)) next.add(traceId);
    onSelect?.(next);
  };
  const body = useRef<HTMLTableSectionElement>(null);
  const { from, to, above, below, measure } = useRowWindow(body, traces.length);
  const longestNs = traces.reduce((longest, { durationNs }) => Math.max(longest, durationNs), 1);
  return (
    <table className="list list-traces" aria-label="Traces" aria-rowcount={traces.length + 1}>
      <thead>
        <tr>
          {onSelect !== undefined && (
            <td className="select">
              <span className="unseen">Selected</span>
            </td>
          )}
          <th scope="col">Trace</th>
          <th scope="col" className="status">
            Status
          </th>
          <th scope="col" className="wide">
            Services and first error
          </th>
          <th scope="col" className="may-go">
            Tenant
          </th>
          <th scope="col" className="may-go">
            Started
          </th>
          <th scope="col" className="number">
            Spans
          </th>
          <th scope="col" className="duration">
            Duration
          </th>
        </tr>
      </thead>
      <tbody
        ref={body}
        onKeyDown={(event) => {
          tickRow(event);
          moveBetweenRows(event);
        }}
      >
        <Unseen height={above} />
        {traces.slice(from, to).map((trace, at) => (
          <TraceRow
            key={trace.traceId}
            index={from + at}
            measure={measure}
            trace={trace}
            longestNs={longestNs}
            nowMs={nowMs}
            isSelected={selected?.has(trace.traceId) === true}
            onToggle={onSelect === undefined ? undefined : () => toggle(trace.traceId)}
          />
        ))}
        <Unseen height={below} />
      </tbody>
    </table>
  );
}

/** In place of rows that are out of sight. */
function Unseen({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={8} style={{ height, padding: 0, border: "none" }} />
    </tr>
  );
}

function TraceRow({
  index,
  measure,
  trace,
  longestNs,
  nowMs,
  isSelected,
  onToggle,
}: {
  index: number;
  measure: ((row: Element | null) => void) | undefined;
  trace: TraceSummary;
  longestNs: number;
  nowMs: number;
  isSelected: boolean;
  onToggle: (() => void) | undefined;
}) {
  return (
    <tr ref={measure} data-index={index} aria-rowindex={index + 2}>
      {onToggle !== undefined && (
        <td className="select">
          <input
            type="checkbox"
            checked={isSelected}
            onChange={onToggle}
            aria-label={`Select ${trace.ticketId ?? trace.rootOperation} ${trace.traceId.slice(0, 8)}`}
          />
        </td>
      )}
      <th scope="row">
        <Link to="/trace/$traceId" params={{ traceId: trace.traceId }} className="row-link">
          <bdi>{trace.rootOperation}</bdi>
        </Link>
        <div className="muted small clip">
          {trace.ticketId === null ? (
            <span className="mono">{trace.traceId.slice(0, 16)}</span>
          ) : (
            <bdi>{trace.ticketId}</bdi>
          )}
        </div>
      </th>
      <td>
        <StatusChips summary={trace} nowMs={nowMs} />
      </td>
      <td className="wide">
        <Services services={trace.services} />
        {trace.firstError !== null && (
          <div
            className="clip first-error"
            title={`${trace.firstError.spanName}: ${trace.firstError.message}`}
          >
            <b>{trace.firstError.spanName}</b> {trace.firstError.message}
          </div>
        )}
      </td>
      <td className="may-go">
        <bdi>{trace.tenantId}</bdi>
      </td>
      <td className="nowrap may-go">
        <Age atMs={nanosToMs(trace.startUnixNano)} nowMs={nowMs} />
      </td>
      <td className="number">
        {formatCount(trace.spanCount)}
        {trace.errorCount > 0 && <div className="bad small nowrap">{plural(trace.errorCount, "error")}</div>}
      </td>
      <td className="duration">
        <span className="meter" aria-hidden="true">
          <span style={{ width: `${Math.max(1, (trace.durationNs / longestNs) * 100)}%` }} />
        </span>
        <span className="nowrap">{formatDuration(trace.durationNs)}</span>
      </td>
    </tr>
  );
}

const mostServices = 4;

function Services({ services }: { services: TraceSummary["services"] }) {
  return (
    <div className="services">
      {services.slice(0, mostServices).map(({ name, spanCount, errorCount }) => (
        <span key={name} className={errorCount > 0 ? "service service-failed" : "service"}>
          {name} <span className="muted">{formatCount(spanCount)}</span>
        </span>
      ))}
      {services.length > mostServices && (
        <span className="muted">and {formatCount(services.length - mostServices)} more</span>
      )}
    </div>
  );
}
