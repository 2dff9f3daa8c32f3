import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { searchTraces } from "../api/client.ts";
import type { TicketsSearch } from "../api/views.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import { statusOf } from "../ui/status-chip.tsx";
import { TraceList } from "../ui/trace-list.tsx";

const route = getRouteApi("/");
const refreshMs = 3_000;
const filters: { status: TicketsSearch["status"]; name: string }[] = [
  { status: undefined, name: "All" },
  { status: "failed", name: "Failed" },
  { status: "partial", name: "Partial" },
  { status: "running", name: "Running" },
  { status: "success", name: "Enhanced" },
];

/** The newest tickets, live. */
export function TicketsPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const tickets = useQuery({
    queryKey: ["tickets", view.q ?? ""],
    queryFn: ({ signal }) => {
      const parameters = new URLSearchParams({ limit: "200" });
      if (view.q) parameters.set("q", view.q);
      else parameters.set("operation", "POST /webhook/servicedesk");
      return searchTraces(parameters, signal);
    },
    refetchInterval: refreshMs,
  });
  const all = tickets.data?.traces ?? [];
  const shown = view.status === undefined ? all : all.filter((trace) => statusOf(trace) === view.status);
  return (
    <section>
      <div className="heading">
        <h1>Tickets</h1>
        <div className="filters" role="group" aria-label="Status">
          {filters.map(({ status, name }) => (
            <button
              key={name}
              type="button"
              className="filter"
              aria-pressed={view.status === status}
              onClick={() => void navigate({ search: (old) => ({ ...old, status }) })}
            >
              {name}
              <span className="count">
                {status === undefined ? all.length : all.filter((trace) => statusOf(trace) === status).length}
              </span>
            </button>
          ))}
        </div>
        {view.q !== undefined && view.q !== "" && (
          <button
            type="button"
            className="button quiet"
            onClick={() => void navigate({ search: (old) => ({ ...old, q: undefined }) })}
          >
            Ticket {view.q} ✕
          </button>
        )}
      </div>
      {tickets.isPending && <Loading what="tickets" />}
      {tickets.isError && <Failed error={tickets.error} onRetry={() => void tickets.refetch()} />}
      {tickets.isSuccess && shown.length > 0 && (
        <TraceList traces={shown} nowMs={tickets.dataUpdatedAt} label="Tickets, newest first" />
      )}
      {tickets.isSuccess && all.length === 0 && <NoTickets />}
      {tickets.isSuccess && all.length > 0 && shown.length === 0 && (
        <Empty title="No ticket with this status">
          <p>Choose another status above: {all.length} tickets are there in all.</p>
        </Empty>
      )}
    </section>
  );
}

function NoTickets() {
  return (
    <Empty title="No tickets yet">
      <p>A ticket appears here a few seconds after its webhook. Send one from the terminal:</p>
      <pre className="command">
        npx throughline ticket send --tenant TENANT --ticket TICKET-1 --text "VPN drops every hour"
      </pre>
    </Empty>
  );
}
