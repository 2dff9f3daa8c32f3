import type { TraceSummary } from "@throughline/api";
import { Icon, type IconName } from "./icons.tsx";
import { statusOf, type TraceStatus } from "./status.ts";

// A sign and a word beside the colour: not everyone sees that.
const looks: Readonly<Record<TraceStatus, { word: string; icon: IconName; tone: string }>> = {
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
  const { word, icon, tone } = looks[statusOf(summary, nowMs)];
  return (
    <span className="chips">
      <span className={`chip chip-${tone}`}>
        <Icon name={icon} size={12} />
        {word}
      </span>
      {summary.slow && (
        <span className="chip chip-warn">
          <Icon name="slow" size={12} />
          slow
        </span>
      )}
    </span>
  );
}
