import { Link } from "@tanstack/react-router";
import type { ServiceCall } from "../api/statistics.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { type CallGraph, failedPercent, type Measure } from "./calls.ts";

/** Callers by row, called ones by column; the darker a cell, the more. */
export function DependencyMatrix({ graph, measure }: { graph: CallGraph; measure: Measure }) {
  const byEnds = new Map(graph.calls.map((call) => [`${call.parent}\n${call.child}`, call]));
  const rows = graph.nodes.filter(({ outgoing }) => outgoing > 0);
  const columns = graph.nodes.filter(({ incoming }) => incoming > 0);
  const most = Math.max(...graph.calls.map((call) => weightOf(call, measure)), Number.MIN_VALUE);
  return (
    <div className="matrix-scroller panel" tabIndex={0} role="region" aria-label="Matrix of calls">
      <table className={`matrix matrix-${measure}`} aria-label="Who calls whom">
        <thead>
          <tr>
            <td className="muted small">calls ↓ &nbsp; is called →</td>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                <Link to="/dependencies" search={{ view: "matrix", focus: name }} className="matrix-name">
                  <bdi>{name}</bdi>
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name: parent }) => (
            <tr key={parent}>
              <th scope="row">
                <Link to="/dependencies" search={{ view: "matrix", focus: parent }} className="matrix-name">
                  <bdi>{parent}</bdi>
                </Link>
              </th>
              {columns.map(({ name: child }) => {
                const call = byEnds.get(`${parent}\n${child}`);
                if (call === undefined) return <td key={child} />;
                const weight = most === 0 ? 0 : Math.log1p(weightOf(call, measure)) / Math.log1p(most);
                return (
                  <td key={child} title={sentenceOf(call)} className="filled">
                    <i style={{ opacity: weightOf(call, measure) === 0 ? 0 : 0.12 + 0.33 * weight }} />
                    <span>{textOf(call, measure)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function weightOf(call: ServiceCall, measure: Measure): number {
  if (measure === "calls") return call.calls;
  return measure === "errors" ? failedPercent(call) : (call.p95Ns ?? 0);
}

function textOf(call: ServiceCall, measure: Measure): string {
  if (measure === "calls") return formatCount(call.calls);
  if (measure === "errors") return call.failed === null ? "–" : formatPercent(failedPercent(call));
  return call.p95Ns === null ? "–" : formatDuration(call.p95Ns);
}

function sentenceOf(call: ServiceCall): string {
  const { parent, child, calls, failed, p50Ns, p95Ns } = call;
  const durations =
    p50Ns === null || p95Ns === null ? "" : `, p50 ${formatDuration(p50Ns)}, p95 ${formatDuration(p95Ns)}`;
  const errors = failed === null ? "" : `, ${formatCount(failed)} failed`;
  return `${parent} calls ${child} ${plural(calls, "time")}${errors}${durations}`;
}
