import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TicketReason, TraceView } from "@throughline/api";
import { readTrace, searchTraces } from "../api/client.ts";
import { Empty, Loading } from "../ui/states.tsx";

/** Why nothing is known of a ticket: what its traces say, where there are any. */
export function UnknownTicket({ ticketId, reason }: { ticketId: string; reason: TicketReason | undefined }) {
  const traces = useQuery({
    queryKey: ["unknown", ticketId],
    queryFn: async ({ signal }) => {
      const quoted = JSON.stringify(ticketId);
      const ask = (where: string) => searchTraces(new URLSearchParams({ where, limit: "1" }), signal);
      const [any, ignored] = await Promise.all([
        ask(`ticket.id = ${quoted}`),
        ask(`ticket.id = ${quoted} and webhook.ignored exists`),
      ]);
      const [first] = ignored;
      const why = first && whyIgnored(await readTrace(first.traceId, signal));
      return { trace: first ?? any[0], why };
    },
  });
  if (traces.isPending) return <Loading what="the ticket" rows={4} />;
  const { trace, why } = traces.data ?? { trace: undefined, why: undefined };
  const link = trace !== undefined && (
    <Link to="/trace/$traceId" params={{ traceId: trace.traceId }}>
      Open its trace
    </Link>
  );
  if (why !== undefined) {
    return (
      <Empty isPage title={`${ticketId}: its webhook was filtered`}>
        <p>The webhook came and made no job. {why}</p>
        <p>
          {link}. Filters are the tenant’s: <code>throughline tenant show</code> lists them.
        </p>
      </Empty>
    );
  }
  if (trace !== undefined && trace.firstError !== null) {
    return (
      <Empty isPage title={`${ticketId}: its webhook was refused`}>
        <p>{trace.firstError.message}</p>
        <p>{link}.</p>
      </Empty>
    );
  }
  return (
    <Empty isPage title={`Nothing is known of ${ticketId}`}>
      {reason !== undefined && <p>{reason.text}</p>}
      {trace !== undefined && <p>{link}: spans of it are stored.</p>}
      <p>
        A webhook with a wrong signature names no ticket:{" "}
        <Link to="/search" search={{ where: ':name = "POST /webhook/servicedesk" and :status = error' }}>
          webhooks that were refused
        </Link>
        . Or look at <Link to="/">all tickets</Link>.
      </p>
    </Empty>
  );
}

/** In the receiver's words. */
function whyIgnored({ spans }: TraceView): string {
  const told = spans
    .flatMap(({ attributes }) => attributes)
    .find(({ key }) => key === "webhook.ignored.detail")?.value;
  return typeof told === "string" ? told : "The tenant’s filters keep it out, or the change was our own.";
}
