import type { TicketReason, TicketView, TraceSummary } from "@throughline/api";
import { type ReactNode, useState } from "react";
import { ApiError } from "../api/http.ts";
import { Cause } from "../tickets/cause.tsx";
import { PhaseLegend } from "../tickets/phase-bar.tsx";
import { TicketTable } from "../tickets/ticket-table.tsx";
import { useConfirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { StatusChips } from "../ui/status-chip.tsx";
import { useToasts } from "../ui/toasts.tsx";
import { TraceTable } from "../ui/trace-table.tsx";
import "../tickets/tickets.css";

const atMs = Date.parse("2026-11-24T12:00:00Z");
const plain: TraceSummary = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  rootService: "ai-agents-enhancement",
  rootOperation: "POST /webhook/servicedesk",
  startUnixNano: `${atMs - 42_000}000000`,
  durationNs: 1_240_000_000,
  spanCount: 14,
  errorCount: 0,
  services: [{ name: "ai-agents-enhancement", spanCount: 14, errorCount: 0 }],
  ticketId: "TICKET-456",
  tenantId: "acme",
  priority: "high",
  enhancementStatus: "success",
  slow: false,
  firstError: null,
};
const failed: TraceSummary = {
  ...plain,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  ticketId: "TICKET-457",
  enhancementStatus: "failed",
  errorCount: 3,
  firstError: { spanName: "api.servicedesk_plus.update_ticket", message: "403 Forbidden" },
};
const hostile: TraceSummary = {
  ...plain,
  traceId: "1111111111111111111111111111111f",
  ticketId: `<img src=x onerror="alert(1)">${"very-long-".repeat(12)}`,
  tenantId: "\u202Eright to left",
  enhancementStatus: null,
  slow: true,
  durationNs: -5_000_000,
};
const refusal = new ApiError(403, "The desk refuses to write the note.", {
  code: "TL_DESK_REFUSED",
  remedy: "Give the desk's key the right to add notes, then retry the ticket.",
});

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

/** The parts of the pages, in all their states. */
export function GalleryPage() {
  return (
    <div className="page gallery">
      <h1>Gallery</h1>
      <p className="muted">The parts of the pages, in all their states.</p>
      <Shown name="Status">
        <div className="row">
          {[plain, failed, hostile, { ...plain, enhancementStatus: "partial" as const }].map((summary) => (
            <StatusChips key={summary.traceId + summary.enhancementStatus} summary={summary} nowMs={atMs} />
          ))}
        </div>
      </Shown>
      <Shown name="Buttons">
        <div className="row">
          <button type="button" className="button primary">
            <Icon name="retry" /> Retry
          </button>
          <button type="button" className="button">
            Plain
          </button>
          <button type="button" className="button danger">
            <Icon name="bin" /> Erase
          </button>
          <button type="button" className="button" disabled>
            Disabled
          </button>
          <CopyButton text="copied" what="a text" />
          <Asking />
        </div>
      </Shown>
      <Shown name="Tickets">
        <PhaseLegend />
        <TicketTable tickets={tickets} nowMs={atMs} onTenant={() => undefined} />
      </Shown>
      <Shown name="Reasons">
        {reasons.map((reason) => (
          <Cause key={reason.code} reason={reason} traceId={null} isFailed={reason.code === "failed"} />
        ))}
      </Shown>
      <Shown name="Traces">
        <TraceTable traces={[plain, failed, hostile]} nowMs={atMs} />
      </Shown>
      <Shown name="Loading">
        <Loading what="tickets" rows={3} />
      </Shown>
      <Shown name="Nothing there">
        <Empty title="No tickets yet">
          <p>A ticket appears here a few seconds after its webhook.</p>
          <Command>npx throughline ticket send --tenant acme --ticket TICKET-1</Command>
        </Empty>
      </Shown>
      <Shown name="Failed">
        <Failed error={refusal} onRetry={() => undefined} />
      </Shown>
      <Shown name="Not refreshed">
        <Stale error={new ApiError(0, "The trace backend does not answer.")} sinceMs={atMs} />
      </Shown>
    </div>
  );
}

function Asking() {
  const confirm = useConfirm();
  const toasts = useToasts();
  const [said, setSaid] = useState("");
  const ask = () =>
    confirm({
      title: "Erase TICKET-456?",
      body: "Its records, its notes and its traces go for good.",
      action: "Erase",
      isDangerous: true,
    }).then((yes) => {
      setSaid(yes ? "yes" : "no");
      if (yes) toasts.done("TICKET-456 is erased");
      else toasts.failed("TICKET-456 was not erased", refusal);
    });
  return (
    <button type="button" className="button" onClick={() => void ask()}>
      Ask {said}
    </button>
  );
}

function Shown({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name}>
      <h2>{name}</h2>
      <div className="panel">{children}</div>
    </section>
  );
}
