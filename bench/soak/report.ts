import { quantile } from "../processes.ts";
import type { Disturbances } from "./disturb.ts";
import type { Latencies, Violations } from "./ledger.ts";
import type { Searches } from "./searches.ts";
import { spansOfTrace, type Spans } from "./spans.ts";
import { type Lives, tolerance } from "./steadiness.ts";
import type { Tickets } from "./tickets.ts";

export interface Soaked {
  seed: number;
  seconds: number;
  isInterrupted: boolean;
  kept: string;
  tickets: Tickets;
  notesSeen: number;
  spans: Spans;
  spansFound: number;
  searches: Searches;
  disturbances: Disturbances;
  lives: Lives;
  violations: Violations;
}

/** As Markdown. A process whose memory or handles grew is told as a violation here. */
export function report(soaked: Soaked): string {
  const { tickets, spans, searches, disturbances, lives, violations } = soaked;
  const judged = lives.judged();
  for (const { part, isFlat, residentMb, handles } of judged)
    if (!isFlat)
      violations.add(
        `${part} is not flat: resident ${residentMb.map(whole).join(" to ")} MB, handles ${handles.join(" to ")}`,
      );
  const ends = [...tickets.ends].map(([name, count]) => `${count} ${name}`).join(", ");
  const counts = [...disturbances.counts].toSorted(([a], [b]) => a.localeCompare(b));
  const rows = [
    ["tickets accepted", `${tickets.accepted} (${tickets.sentAgain} deliveries sent again until accepted)`],
    ["how they ended", `${ends}; ${tickets.unended} not ended`],
    ["delivered twice, one job", String(tickets.repeated)],
    [
      "looked at on the desk at the end",
      `${soaked.notesSeen} tickets, none with two notes unless told below`,
    ],
    [
      "spans acknowledged",
      `${spans.acknowledged.length * spansOfTrace} (${spans.sentAgain} requests sent again)`,
    ],
    ["found in the export at the end", `${soaked.spansFound}; ${spans.read} traces read meanwhile`],
    ["searches and pages", `${searches.asked}, ${searches.failed.length} failed while nothing was disturbed`],
    ["webhook p95, first to last third", flatness(tickets.latencies, soaked.seconds)],
    ["search p95, first to last third", flatness(searches.latencies, soaked.seconds)],
    ["processes started", `${lives.count}, ${judged.length} lived long enough to be judged (${tolerance})`],
    ...judged.map(({ part, seconds, residentMb, handles, isFlat }) => [
      `${part}, ${whole(seconds / 60)} min`,
      `resident ${residentMb.map(whole).join(" to ")} MB, handles ${handles.join(" to ")}: ${isFlat ? "flat" : "NOT FLAT"}`,
    ]),
    ["disturbances", counts.map(([name, count]) => `${name} (${count})`).join(", ")],
    ["violated", violations.list.length === 0 ? "nothing" : `${violations.list.length}, see below`],
  ];
  const until = soaked.isInterrupted ? ", interrupted" : "";
  return [
    `Soak of ${(soaked.seconds / 60).toFixed(1)} min${until}, seed ${soaked.seed}, ${soaked.kept}`,
    "",
    "| | |",
    "|---|---|",
    ...rows.map(([what, figure]) => `| ${what} | ${figure} |`),
    "",
    ...violations.list.slice(0, 50).map((text) => `- VIOLATED: ${text}`),
    ...[...new Set(searches.failed)].slice(0, 10).map((text) => `- failed: ${text}`),
    "",
  ].join("\n");
}

function flatness(latencies: Latencies, seconds: number): string {
  const [first, last] = latencies.thirds(seconds);
  if (Math.min(first.length, last.length) < 20) return "too few were measured to say";
  const [before, after] = [quantile(first, 0.95), quantile(last, 0.95)];
  const isFlat = after <= before * 1.5 + 20;
  const counted = `${first.length} and ${last.length} measured while nothing was disturbed`;
  return `${before.toFixed(1)} to ${after.toFixed(1)} ms (${counted})${isFlat ? "" : ": SLOWER by more than half and 20 ms"}`;
}

function whole(value: number): string {
  return value.toFixed(0);
}
