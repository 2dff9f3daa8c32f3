import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TicketStory } from "@throughline/api";
import type { ReactNode } from "react";
import { readEnhancement } from "../api/enhancer.ts";
import { Age } from "../ui/age.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatCost, formatCount } from "../ui/format.ts";
import { Failed, Loading } from "../ui/states.tsx";
import { Attempts } from "./attempts.tsx";
import { Cause } from "./cause.tsx";
import { LogLines } from "./log-lines.tsx";
import { Came, Found, Written } from "./story.tsx";
import { TicketActions } from "./ticket-actions.tsx";
import { TicketStatus } from "./ticket-status.tsx";
import { Thumbs } from "./ticket-table.tsx";

/** What came in, what was found, what was written; each attempt, what it cost, what the logs say. */
export function TicketScreen({
  tenantId,
  ticketId,
  story,
  nowMs,
  onChange,
}: {
  tenantId: string;
  ticketId: string;
  story: TicketStory;
  nowMs: number;
  onChange: () => void;
}) {
  const { ticket, reason, enhancements } = story;
  // What was written last is told, also after a later attempt found that there was nothing to do.
  const told = enhancements.find(({ writer }) => writer !== null) ?? enhancements[0];
  const detail = useQuery({
    queryKey: ["enhancement", told?.id, told?.delivery],
    queryFn: ({ signal }) => readEnhancement(told?.id ?? "", signal),
    enabled: told !== undefined,
  });
  return (
    <article className="page ticket">
      <header className="ticket-head">
        <div className="heading">
          <h1 className="copyable">
            <bdi>{ticketId}</bdi> <CopyButton text={ticketId} what="the ticket id" />
          </h1>
          {ticket !== null && <TicketStatus ticket={ticket} />}
          <span className="grow" />
          <TicketActions tenantId={tenantId} ticketId={ticketId} story={story} onChange={onChange} />
        </div>
        <dl className="ticket-facts">
          <Fact name="Tenant">
            <Link to="/" search={{ tenant: tenantId }}>
              <bdi>{tenantId}</bdi>
            </Link>
          </Fact>
          {ticket !== null && (
            <>
              <Fact name="Priority">{ticket.priority}</Fact>
              <Fact name="Age">
                <Age atMs={Date.parse(ticket.at)} nowMs={nowMs} />
              </Fact>
              <Fact name="Attempts">{formatCount(ticket.attempts)}</Fact>
              <Fact name="Cost">{formatCost(ticket.costUsd)}</Fact>
              <Fact name="Feedback">
                <Thumbs feedback={ticket.feedback} />
              </Fact>
            </>
          )}
        </dl>
      </header>
      <Cause
        reason={reason}
        traceId={ticket?.traceId ?? null}
        isFailed={ticket?.status === "failed"}
        isSampled={story.jobs[0]?.sampled ?? null}
      />
      {told !== undefined && detail.isPending && <Loading what="the story" rows={6} />}
      {detail.isError && <Failed error={detail.error} onRetry={() => void detail.refetch()} />}
      {detail.data !== undefined && (
        <div className="story">
          <div className="story-left">
            <Came detail={detail.data} />
            <Found detail={detail.data} />
          </div>
          <Written detail={detail.data} />
        </div>
      )}
      {enhancements.length > 0 && <Attempts enhancements={enhancements} nowMs={nowMs} />}
      <LogLines ticketId={ticketId} />
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
