import type { DetailColumns, StructureColumns, TraceHead } from "@throughline/api/trace-columns";
import { kindNames, statusNames } from "../names.ts";
import { startOf } from "./columns.ts";
import { attributeText } from "./span-details.ts";

/** Spans that have something in common. */
export interface SpanGroup {
  label: string;
  count: number;
  errors: number;
  /** Nanoseconds. */
  total: number;
  self: number;
  p50: number;
  p95: number;
  longest: number;
  /** Index of the span that took longest. */
  longestAt: number;
}

export const groupings = ["operation", "service", "kind", "status"] as const;
/** One of `groupings`, or an attribute's key behind a colon. */
export type Grouping = (typeof groupings)[number] | `:${string}`;

/** All spans by what `grouping` says; those without it are left out. */
export function statisticsOf(
  trace: { head: TraceHead; structure: StructureColumns; details: DetailColumns; selfTimes: Float64Array },
  grouping: Grouping,
): SpanGroup[] {
  const { structure, selfTimes } = trace;
  const { durations, kindStatus } = structure;
  const labelOf = labels(trace, grouping);
  const groups = new Map<string, { spans: number[]; group: SpanGroup }>();
  for (let at = 0; at < durations.length; at++) {
    const label = labelOf(at);
    if (label === undefined) continue;
    let found = groups.get(label);
    if (found === undefined) {
      const group = {
        label,
        count: 0,
        errors: 0,
        total: 0,
        self: 0,
        p50: 0,
        p95: 0,
        longest: -1,
        longestAt: at,
      };
      groups.set(label, (found = { spans: [], group }));
    }
    const { spans, group } = found;
    const duration = durations[at] ?? 0;
    spans.push(duration);
    group.count++;
    if ((kindStatus[at] ?? 0) >> 4 === 2) group.errors++;
    group.total += duration;
    group.self += selfTimes[at] ?? 0;
    if (duration > group.longest) {
      group.longest = duration;
      group.longestAt = at;
    }
  }
  return Array.from(groups.values(), ({ spans, group }) => {
    const sorted = Float64Array.from(spans).sort();
    return { ...group, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  });
}

/** The smallest value that this share of all does not exceed. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function labels(
  { head, structure, details }: { head: TraceHead; structure: StructureColumns; details: DetailColumns },
  grouping: Grouping,
): (at: number) => string | undefined {
  const { names, services, kindStatus } = structure;
  switch (grouping) {
    case "operation": {
      const isOne = head.services.length === 1;
      return (at) => {
        const name = head.names[names[at] ?? 0] ?? "";
        return isOne ? name : `${head.services[services[at] ?? 0] ?? ""}: ${name}`;
      };
    }
    case "service":
      return (at) => head.services[services[at] ?? 0];
    case "kind":
      return (at) => kindNames[(kindStatus[at] ?? 0) & 15];
    case "status":
      return (at) => statusNames[(kindStatus[at] ?? 0) >> 4];
    default:
      return attributeLabels(head, details, grouping.slice(1));
  }
}

function attributeLabels(
  head: TraceHead,
  details: DetailColumns,
  key: string,
): (at: number) => string | undefined {
  const wanted = head.keys.indexOf(key);
  const texts = new Map<number, string>();
  const textIn = (ends: Uint32Array, list: Uint32Array, at: number): string | undefined => {
    for (let place = startOf(ends, at); place < (ends[at] ?? 0); place++) {
      const number = list[place] ?? 0;
      if (details.keys[number] !== wanted) continue;
      let text = texts.get(number);
      if (text === undefined) texts.set(number, (text = attributeText(details, number).slice(0, 500)));
      return text;
    }
    return undefined;
  };
  return (at) =>
    textIn(details.attributeEnds, details.attributes, at) ??
    textIn(details.resourceEnds, details.resourceAttributes, details.resources[at] ?? 0);
}
