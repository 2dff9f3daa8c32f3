import { Link } from "@tanstack/react-router";
import type { TicketView } from "@throughline/api";
import { Age } from "../ui/age.tsx";
import { formatCost, formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { moveBetweenRows } from "../ui/table-keys.ts";
import { PhaseBar } from "./phase-bar.tsx";
import { totalMs } from "./phases.ts";
import { TicketStatus } from "./ticket-status.tsx";

/** Tickets, one a row; the bars compare the durations on this page. */
export function TicketTable({
  tickets,
  nowMs,
  onTenant,
}: {
  tickets: readonly TicketView[];
  nowMs: number;
  onTenant: (tenantId: string) => void;
}) {
  const longestMs = tickets.reduce((longest, { latency }) => Math.max(longest, totalMs(latency) ?? 0), 1);
  return (
    <table className="list list-tickets" aria-label="Tickets">
      <thead>
        <tr>
          <th scope="col">Ticket</th>
          <th scope="col">Status</th>
          <th scope="col" className="wide">
            Reason
          </th>
          <th scope="col" className="may-go">
            Tenant
          </th>
          <th scope="col" className="may-go">
            Priority
          </th>
          <th scope="col">Age</th>
          <th scope="col" className="duration may-go">
            Duration by phase
          </th>
          <th scope="col" className="number">
            Attempts
          </th>
          <th scope="col" className="number">
            Cost
          </th>
          <th scope="col" className="number">
            Feedback
          </th>
        </tr>
      </thead>
      <tbody onKeyDown={moveBetweenRows}>
        {tickets.map((ticket) => (
          <tr key={`${ticket.tenantId} ${ticket.ticketId}`}>
            <th scope="row">
              <Link
                to="/ticket/$ticketId"
                params={{ ticketId: ticket.ticketId }}
                search={{ tenant: ticket.tenantId }}
                className="row-link"
              >
                <bdi>{ticket.ticketId}</bdi>
              </Link>
            </th>
            <td>
              <TicketStatus ticket={ticket} />
            </td>
            <td className="wide">
              {ticket.reason !== null && (
                <div className="clip muted" title={ticket.reason}>
                  {ticket.reason}
                </div>
              )}
            </td>
            <td className="may-go">
              <button type="button" className="cell-filter" onClick={() => onTenant(ticket.tenantId)}>
                <bdi>{ticket.tenantId}</bdi>
                <span className="unseen">: only this tenant</span>
              </button>
            </td>
            <td className={`may-go priority-${ticket.priority}`}>{ticket.priority}</td>
            <td className="nowrap">
              <Age atMs={Date.parse(ticket.at)} nowMs={nowMs} />
            </td>
            <td className="duration may-go">
              <PhaseBar latency={ticket.latency} ofMs={longestMs} />
            </td>
            <td className="number">{formatCount(ticket.attempts)}</td>
            <td className="number">{formatCost(ticket.costUsd)}</td>
            <td className="number">
              <Thumbs feedback={ticket.feedback} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Thumbs({ feedback: { up, down } }: { feedback: TicketView["feedback"] }) {
  if (up === 0 && down === 0) return <span className="muted">–</span>;
  return (
    <span className="thumbs">
      {up > 0 && (
        <span className="thumb-up">
          <Icon name="up" size={12} /> {up}
          <span className="unseen"> found it helpful</span>
        </span>
      )}
      {down > 0 && (
        <span className="thumb-down">
          <Icon name="down" size={12} /> {down}
          <span className="unseen"> did not</span>
        </span>
      )}
    </span>
  );
}
