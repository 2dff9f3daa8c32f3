import type { TraceSummary } from "@throughline/api";
import { type ReactNode, useState } from "react";
import { ApiError } from "../api/http.ts";
import { useConfirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { StatusChips } from "../ui/status-chip.tsx";
import { useToasts } from "../ui/toasts.tsx";
import { TraceTable } from "../ui/trace-table.tsx";

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
