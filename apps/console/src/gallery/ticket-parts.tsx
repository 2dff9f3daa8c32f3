import type { TicketReason, TicketView } from "@throughline/api";
import { Cause } from "../tickets/cause.tsx";
import { PhaseLegend } from "../tickets/phase-bar.tsx";
import { TicketTable } from "../tickets/ticket-table.tsx";
import { atMs, hostile } from "./sample-summaries.ts";
import { Group, Shown } from "./shown.tsx";
import "../tickets/tickets.css";

const ticket: TicketView = {
  tenantId: "acme",
  ticketId: "TICKET-456",
  priority: "high",
  status: "success",
  at: new Date(atMs - 42_000).toISOString(),
  jobId: "j1",
  traceId: null,
  enhancementId: "e1",
  delivery: "written",
  reason: null,
  attempts: 1,
  latency: { read: 80, context: 700, write: 1_400, desk: 200, total: 2_500 },
  costUsd: 0.0042,
  feedback: { up: 2, down: 1 },
};
const waiting = { delivery: null, latency: {}, costUsd: null, feedback: { up: 0, down: 0 } } as const;
const tickets: readonly TicketView[] = [
  ticket,
  { ...ticket, ...waiting, ticketId: "TICKET-457", status: "waiting", attempts: 0, priority: "critical" },
  { ...ticket, ...waiting, ticketId: "TICKET-458", status: "active", attempts: 1, priority: "low" },
  { ...ticket, ticketId: "TICKET-459", status: "failed", delivery: "none", reason: "The desk refused it." },
  { ...ticket, ticketId: "TICKET-460", status: "partial", reason: "documentation: no answer in time" },
  { ...ticket, ticketId: "TICKET-461", status: "skipped", delivery: "none", reason: "Closed." },
  { ...ticket, ticketId: "TICKET-462", delivery: "draft" },
  { ...ticket, ticketId: "TICKET-463", delivery: "shadow" },
  { ...ticket, ticketId: hostile.ticketId ?? "", tenantId: "\u202Eright to left", reason: "<b>bold</b>" },
];
const nothing = { place: null, waiting: null, until: null };
const reasons: readonly TicketReason[] = [
  { ...nothing, code: "failed", text: "The desk refused the note (403 Forbidden)." },
  { ...nothing, code: "queued", place: 3, waiting: 12, text: "It is still queued, at place 3 of 12." },
  { ...nothing, code: "held", until: new Date(atMs).toISOString(), text: "The desk asked to come later." },
  { ...nothing, code: "draft", text: "Its note waits for approval." },
  { ...nothing, code: "written", text: "Its note is written." },
];

export function TicketParts() {
  return (
    <Group name="Tickets">
      <Shown name="List of tickets">
        <PhaseLegend />
        <TicketTable tickets={tickets} nowMs={atMs} onTenant={() => undefined} />
      </Shown>
      <Shown name="Reasons">
        {reasons.map((reason) => (
          <Cause key={reason.code} reason={reason} traceId={null} isFailed={reason.code === "failed"} />
        ))}
      </Shown>
    </Group>
  );
}
