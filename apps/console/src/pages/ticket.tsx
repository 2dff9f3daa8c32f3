import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { readTicket, readTickets } from "../api/enhancer.ts";
import { ApiError } from "../api/http.ts";
import { TicketScreen } from "../tickets/ticket-screen.tsx";
import { UnknownTicket } from "../tickets/unknown-ticket.tsx";
import { Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import "../tickets/tickets.css";

const route = getRouteApi("/ticket/$ticketId");
const refreshMs = 3_000;

/** One ticket; where the address names no tenant, the only one that has such a ticket, or those to choose from. */
export function TicketPage() {
  const { ticketId } = route.useParams();
  const { tenant } = route.useSearch();
  if (tenant !== undefined)
    return <OneTicket key={`${tenant} ${ticketId}`} tenant={tenant} ticketId={ticketId} />;
  return <WhoseTicket key={ticketId} ticketId={ticketId} />;
}

function OneTicket({ tenant, ticketId }: { tenant: string; ticketId: string }) {
  const story = useQuery({
    queryKey: ["ticket", tenant, ticketId],
    queryFn: ({ signal }) => readTicket(tenant, ticketId, signal),
    refetchInterval: refreshMs,
  });
  if (story.data === undefined) {
    if (story.isPending) return <Loading what="the ticket" rows={10} />;
    return <Failed isPage error={story.error} onRetry={() => void story.refetch()} />;
  }
  return (
    <>
      {story.isRefetchError && <Stale error={story.error} sinceMs={story.dataUpdatedAt} />}
      {story.data.ticket === null && story.data.jobs.length === 0 ? (
        <UnknownTicket ticketId={ticketId} reason={story.data.reason} />
      ) : (
        <TicketScreen
          tenantId={tenant}
          ticketId={ticketId}
          story={story.data}
          nowMs={story.dataUpdatedAt}
          onChange={() => void story.refetch()}
        />
      )}
    </>
  );
}

function WhoseTicket({ ticketId }: { ticketId: string }) {
  const found = useQuery({
    queryKey: ["whose", ticketId],
    queryFn: ({ signal }) => readTickets(new URLSearchParams({ ticket: ticketId }), signal),
  });
  if (found.isPending) return <Loading what="the ticket" rows={10} />;
  if (found.isError) {
    if (found.error instanceof ApiError && found.error.code === "TL_ENHANCER_ABSENT")
      return <UnknownTicket ticketId={ticketId} reason={undefined} />;
    return <Failed isPage error={found.error} onRetry={() => void found.refetch()} />;
  }
  const { tickets } = found.data;
  const [first, second] = tickets;
  if (first === undefined) return <UnknownTicket ticketId={ticketId} reason={undefined} />;
  if (second === undefined) return <OneTicket tenant={first.tenantId} ticketId={ticketId} />;
  return (
    <Empty isPage title={`Several tenants have a ticket ${ticketId}`}>
      <ul className="choose">
        {tickets.map(({ tenantId }) => (
          <li key={tenantId}>
            <Link to="/ticket/$ticketId" params={{ ticketId }} search={{ tenant: tenantId }}>
              {tenantId}
            </Link>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
