import { useState } from "react";
import { ApiError } from "../api/http.ts";
import { useConfirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { StatusChips } from "../ui/status-chip.tsx";
import { useToasts } from "../ui/toasts.tsx";
import { TraceTable } from "../ui/trace-table.tsx";
import { atMs, failed, hostile, plain } from "./sample-summaries.ts";
import { Group, Shown } from "./shown.tsx";

const refusal = new ApiError(403, "The desk refuses to write the note.", {
  code: "TL_DESK_REFUSED",
  remedy: "Give the desk's key the right to add notes, then retry the ticket.",
});

export function CommonParts() {
  return (
    <Group name="Everywhere">
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
    </Group>
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
