import type { TraceSummary } from "@throughline/api";
import { Chip, type ChipLook } from "./chip.tsx";
import { statusOf, type TraceStatus } from "./status.ts";

// A sign and a word beside the colour: not everyone sees that.
const looks: Readonly<Record<TraceStatus, ChipLook>> = {
  success: { word: "enhanced", icon: "check", tone: "good" },
  partial: { word: "partial", icon: "dash", tone: "warn" },
  skipped: { word: "no note wanted", icon: "dash", tone: "dim" },
  failed: { word: "failed", icon: "cross", tone: "bad" },
  running: { word: "running", icon: "dot", tone: "busy" },
  unfinished: { word: "no end seen", icon: "dash", tone: "dim" },
  error: { word: "error", icon: "cross", tone: "bad" },
  ok: { word: "ok", icon: "check", tone: "dim" },
};

export function StatusChips({ summary, nowMs }: { summary: TraceSummary; nowMs: number }) {
  return (
    <span className="chips">
      <Chip {...looks[statusOf(summary, nowMs)]} />
      {summary.slow && <Chip word="slow" icon="slow" tone="warn" />}
    </span>
  );
}
