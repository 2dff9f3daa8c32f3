import type { TraceSummary } from "@throughline/api";
import { nanosToMs } from "./format.ts";

/** How a ticket stands, or a trace that belongs to none. */
export type TraceStatus =
  | "success"
  | "partial"
  | "skipped"
  | "failed"
  | "running"
  | "unfinished"
  | "error"
  | "ok";

/** Longer than any attempt and the pause after it: whoever has not been heard of since then was lost. */
const quietMs = 15 * 60_000;

/** `nowMs` tells a ticket under way from one whose end never came. */
export function statusOf(summary: TraceSummary, nowMs: number): TraceStatus {
  if (summary.enhancementStatus !== null) return summary.enhancementStatus;
  if (summary.ticketId === null) return summary.errorCount > 0 ? "error" : "ok";
  // The webhook itself was refused, or nothing was queued: no attempt will come.
  if (summary.spanCount === 1 && summary.errorCount > 0) return "failed";
  return isQuiet(summary, nowMs) ? "unfinished" : "running";
}

/** No span has been seen for so long that none is to be waited for. */
export function isQuiet({ startUnixNano, durationNs }: TraceSummary, nowMs: number): boolean {
  return nanosToMs(startUnixNano) + durationNs / 1e6 < nowMs - quietMs;
}
