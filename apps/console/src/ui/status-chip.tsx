import type { TraceSummary } from "@throughline/api";

const words = { success: "enhanced", partial: "partial", failed: "failed", running: "running" } as const;
export type TicketStatus = keyof typeof words;

/** A ticket whose last attempt has not ended is running; a trace without a ticket has no status. */
export function statusOf(summary: TraceSummary): TicketStatus | undefined {
  if (summary.enhancementStatus !== null) return summary.enhancementStatus;
  return summary.ticketId === null ? undefined : "running";
}

export function StatusChip({ summary }: { summary: TraceSummary }) {
  const status = statusOf(summary);
  return (
    <span className="chips">
      {status !== undefined && <span className={`chip chip-${status}`}>{words[status]}</span>}
      {status === undefined && summary.errorCount > 0 && <span className="chip chip-failed">error</span>}
      {summary.slow && <span className="chip chip-slow">slow</span>}
    </span>
  );
}
