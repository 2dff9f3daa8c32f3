import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { readTickets } from "../api/enhancer.ts";
import { ApiError } from "../api/http.ts";
import { ticketsQuery, type TicketsView } from "../api/parameters.ts";
import { PhaseLegend } from "../tickets/phase-bar.tsx";
import { TicketTable } from "../tickets/ticket-table.tsx";
import { plural } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { useShortcuts } from "../ui/shortcuts.tsx";
import { toList } from "../ui/table-keys.ts";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import "../tickets/tickets.css";

const route = getRouteApi("/");
const refreshMs = 3_000;
const statuses: readonly { status: TicketsView["status"]; name: string }[] = [
  { status: undefined, name: "All" },
  { status: "failed", name: "Failed" },
  { status: "partial", name: "Partial" },
  { status: "active", name: "Running" },
  { status: "waiting", name: "Queued" },
  { status: "success", name: "Enhanced" },
  { status: "skipped", name: "No note wanted" },
];
const orders: readonly { order: TicketsView["order"]; name: string; keys: string }[] = [
  { order: undefined, name: "Newest first", keys: "n" },
  { order: "failed", name: "Failed first", keys: "f" },
  { order: "slow", name: "Slow first", keys: "s" },
];

/** Every ticket, live. */
export function TicketsPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: Partial<TicketsView>) => void navigate({ search: { ...view, ...next } });
  useShortcuts("Tickets", [
    ...orders.map(({ order, name, keys }) => ({ keys, does: name, run: () => change({ order }) })),
    toList,
  ]);
  const pages = useInfiniteQuery({
    queryKey: ["tickets", view],
    queryFn: ({ signal, pageParam }) => readTickets(ticketsQuery(view, pageParam), signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state }) => (isAbsent(state.error) ? false : refreshMs),
    placeholderData: keepPreviousData,
  });
  if (isAbsent(pages.error)) return <Absent />;
  const tickets = pages.data?.pages.flatMap((page) => page.tickets) ?? [];
  const isFiltered = view.status !== undefined || view.tenant !== undefined || view.q !== undefined;
  return (
    <section className="page">
      <div className="heading">
        <h1>Tickets</h1>
        <div className="filters" role="group" aria-label="Status">
          {statuses.map(({ status, name }) => (
            <button
              key={name}
              type="button"
              className="filter"
              aria-pressed={view.status === status}
              onClick={() => change({ status })}
            >
              {name}
            </button>
          ))}
        </div>
        <span className="grow" />
        {pages.isSuccess && !pages.isRefetchError && (
          <span className="live">
            {plural(tickets.length, "ticket")}
            {pages.hasNextPage && " and more"}, live
          </span>
        )}
      </div>
      <div className="heading heading-second">
        <div className="filters" role="group" aria-label="Order">
          {orders.map(({ order, name, keys }) => (
            <button
              key={name}
              type="button"
              className="filter"
              aria-pressed={view.order === order}
              aria-keyshortcuts={keys}
              onClick={() => change({ order })}
            >
              {name}
            </button>
          ))}
        </div>
        {(["tenant", "q"] as const).map(
          (name) =>
            view[name] !== undefined && (
              <button
                key={name}
                type="button"
                className="filter filter-set"
                onClick={() => change({ [name]: undefined })}
              >
                {view[name]} <Icon name="close" size={12} />
                <span className="unseen">Leave out this filter</span>
              </button>
            ),
        )}
        <span className="grow" />
        {tickets.length > 0 && <PhaseLegend />}
      </div>
      {pages.isRefetchError && <Stale error={pages.error} sinceMs={pages.dataUpdatedAt} />}
      {pages.isPending && <Loading what="tickets" />}
      {pages.isLoadingError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {tickets.length > 0 && (
        <TicketTable
          tickets={tickets}
          nowMs={pages.dataUpdatedAt}
          onTenant={(tenant) => change({ tenant })}
        />
      )}
      {pages.hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {pages.isFetchingNextPage ? "Loading…" : "Older tickets"}
          </button>
        </p>
      )}
      {pages.isSuccess && !pages.isPlaceholderData && tickets.length === 0 && (
        <Nothing isFiltered={isFiltered} />
      )}
    </section>
  );
}

function isAbsent(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "TL_ENHANCER_ABSENT";
}

/** Spans come from anything; tickets only from an enhancer. */
function Absent() {
  return (
    <Empty isPage title="No enhancer is connected">
      <p>
        This trace backend runs alone, so it knows no tickets. <Link to="/search">Search the traces</Link>{" "}
        that it has, or connect an enhancer:
      </p>
      <Command>{"npx throughline traces --enhancer URL --enhancer-token-file FILE"}</Command>
      <p className="muted">
        <code>npx throughline up</code> runs both in one process.
      </p>
    </Empty>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No ticket fits">
        <p>
          <Link to="/">Show all tickets</Link> or <Link to="/search">search the traces</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No tickets yet">
      <p>A ticket appears here with its webhook. Send one from the terminal:</p>
      <Command>
        {'npx throughline ticket send --tenant TENANT --ticket TICKET-1 --text "VPN drops every hour"'}
      </Command>
      <p className="muted">
        Traces of other services are under <Link to="/search">Search</Link>.
      </p>
    </Empty>
  );
}
