import type { TicketView } from "@throughline/api";
import { Chip, type ChipLook } from "../ui/chip.tsx";

// A sign and a word beside the colour: not everyone sees that.
const looks: Readonly<Record<TicketView["status"], ChipLook>> = {
  waiting: { word: "queued", icon: "slow", tone: "dim" },
  active: { word: "running", icon: "dot", tone: "busy" },
  success: { word: "enhanced", icon: "check", tone: "good" },
  partial: { word: "partial", icon: "dash", tone: "warn" },
  skipped: { word: "no note wanted", icon: "dash", tone: "dim" },
  failed: { word: "failed", icon: "cross", tone: "bad" },
};
const deliveries: Partial<Record<NonNullable<TicketView["delivery"]>, ChipLook>> = {
  draft: { word: "draft", icon: "pen", tone: "warn" },
  approving: { word: "approving", icon: "dot", tone: "busy" },
  shadow: { word: "shadow", icon: "eye", tone: "dim" },
  discarded: { word: "draft discarded", icon: "bin", tone: "dim" },
};

/** How a ticket stands, and what became of its note where it is not on the desk. */
export function TicketStatus({ ticket }: { ticket: Pick<TicketView, "status" | "delivery"> }) {
  const delivery = ticket.delivery === null ? undefined : deliveries[ticket.delivery];
  return (
    <span className="chips">
      <Chip {...looks[ticket.status]} />
      {delivery !== undefined && <Chip {...delivery} />}
    </span>
  );
}
