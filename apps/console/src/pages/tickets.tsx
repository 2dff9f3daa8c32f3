import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { TraceSummary } from "@throughline/api";
import { searchTraces } from "../api/client.ts";
import { ticketsQuery, type TicketsView } from "../api/parameters.ts";
import { plural } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { statusOf } from "../ui/status.ts";
import { TraceTable } from "../ui/trace-table.tsx";

const route = getRouteApi("/");
const refreshMs = 3_000;
const filters: { status: TicketsView["status"]; name: string }[] = [
  { status: undefined, name: "All" },
  { status: "failed", name: "Failed" },
  { status: "partial", name: "Partial" },
  { status: "slow", name: "Slow" },
  { status: "running", name: "Running" },
  { status: "success", name: "Enhanced" },
];

/** The newest tickets, live. */
export function TicketsPage() {
  const view = route.useSearch();
  const tickets = useQuery({
    queryKey: ["tickets", view],
    queryFn: ({ signal }) => searchTraces(ticketsQuery(view), signal),
    refetchInterval: refreshMs,
    placeholderData: keepPreviousData,
  });
  const nowMs = tickets.dataUpdatedAt;
  const shown = (tickets.data ?? []).filter((trace) => fits(trace, view.status, nowMs));
  return (
    <section className="page">
      <div className="heading">
        <h1>Tickets</h1>
        <Filters view={view} />
        <span className="grow" />
        {tickets.isSuccess && !tickets.isRefetchError && (
          <span className="live">{plural(shown.length, "ticket")}, live</span>
        )}
      </div>
      {tickets.isRefetchError && <Stale error={tickets.error} sinceMs={tickets.dataUpdatedAt} />}
      {tickets.isPending && <Loading what="tickets" />}
      {tickets.isLoadingError && <Failed error={tickets.error} onRetry={() => void tickets.refetch()} />}
      {shown.length > 0 && <TraceTable traces={shown} nowMs={nowMs} kind="tickets" />}
      {tickets.isSuccess && !tickets.isPlaceholderData && shown.length === 0 && <Nothing view={view} />}
    </section>
  );
}

/** The backend's filter holds for any attempt; what counts here is the newest one. */
function fits(trace: TraceSummary, status: TicketsView["status"], nowMs: number): boolean {
  if (status === undefined) return true;
  if (trace.ticketId === null) return false;
  return status === "slow" ? trace.slow : statusOf(trace, nowMs) === status;
}

function Filters({ view }: { view: TicketsView }) {
  const navigate = route.useNavigate();
  return (
    <>
      <div className="filters" role="group" aria-label="Status">
        {filters.map(({ status, name }) => (
          <button
            key={name}
            type="button"
            className="filter"
            aria-pressed={view.status === status}
            onClick={() => void navigate({ search: { ...view, status } })}
          >
            {name}
          </button>
        ))}
      </div>
      {view.q !== undefined && (
        <button
          type="button"
          className="filter filter-set"
          onClick={() => void navigate({ search: { ...view, q: undefined } })}
        >
          {view.q} <Icon name="close" size={12} />
          <span className="unseen">Show all tickets</span>
        </button>
      )}
    </>
  );
}

function Nothing({ view }: { view: TicketsView }) {
  if (view.q !== undefined || view.status !== undefined) {
    return (
      <Empty title="No ticket fits">
        <p>
          {view.q !== undefined && `Nothing with these conditions is stored for ${view.q}. `}
          <Link to="/">Show all tickets</Link> or <Link to="/search">search the traces</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No tickets yet">
      <p>A ticket appears here a few seconds after its webhook. Send one from the terminal:</p>
      <Command>
        {'npx throughline ticket send --tenant TENANT --ticket TICKET-1 --text "VPN drops every hour"'}
      </Command>
      <p className="muted">
        Traces of other services are under <Link to="/search">Search</Link>.
      </p>
    </Empty>
  );
}
