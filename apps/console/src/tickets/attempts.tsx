import { Link } from "@tanstack/react-router";
import type { EnhancementView } from "@throughline/api";
import { Age } from "../ui/age.tsx";
import { formatCost } from "../ui/format.ts";
import { PhaseBar, PhaseLegend } from "./phase-bar.tsx";
import { totalMs } from "./phases.ts";
import { TicketStatus } from "./ticket-status.tsx";

/** Each attempt, the newest first, all bars to one scale. */
export function Attempts({
  enhancements,
  nowMs,
}: {
  enhancements: readonly EnhancementView[];
  nowMs: number;
}) {
  const longestMs = enhancements.reduce(
    (longest, { latency }) => Math.max(longest, totalMs(latency) ?? 0),
    1,
  );
  return (
    <section aria-label="Attempts">
      <div className="heading">
        <h2>Attempts</h2>
        <span className="grow" />
        <PhaseLegend />
      </div>
      <table className="list list-attempts" aria-label="Attempts, newest first">
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Status</th>
            <th scope="col" className="wide">
              Reason
            </th>
            <th scope="col">Ended</th>
            <th scope="col" className="duration may-go">
              Duration by phase
            </th>
            <th scope="col" className="number">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {enhancements.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Link to="/trace/$traceId" params={{ traceId: one.traceId }} className="row-link">
                  {one.attempt}
                  <span className="unseen">: open its trace</span>
                </Link>
              </th>
              <td>
                <TicketStatus ticket={one} />
              </td>
              <td className="wide">
                <div className="clip muted" title={one.reason ?? undefined}>
                  {one.reason}
                </div>
              </td>
              <td className="nowrap">
                <Age atMs={Date.parse(one.createdAt)} nowMs={nowMs} />
              </td>
              <td className="duration may-go">
                <PhaseBar latency={one.latency} ofMs={longestMs} />
              </td>
              <td className="number">{formatCost(one.costUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
