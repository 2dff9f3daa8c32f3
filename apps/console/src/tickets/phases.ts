import { formatDuration } from "../ui/format.ts";

/** What an attempt spends its time on, in this order. */
export const phases = [
  { key: "read", name: "Read the ticket" },
  { key: "context", name: "Gather context" },
  { key: "write", name: "Write the note" },
  { key: "desk", name: "Put it on the desk" },
  { key: "other", name: "Everything else" },
] as const;

export interface PhaseShare {
  key: (typeof phases)[number]["key"];
  name: string;
  ms: number;
}

/** An attempt's phases; what is in none of them is `other`. Empty where nothing was measured. */
export function phaseShares(latency: Readonly<Record<string, number>>): PhaseShare[] {
  const named = phases
    .slice(0, -1)
    .map(({ key, name }) => ({ key, name, ms: Math.max(0, latency[key] ?? 0) }));
  const sum = named.reduce((total, { ms }) => total + ms, 0);
  const other = Math.max(0, (latency["total"] ?? 0) - sum);
  return [...named, { key: "other" as const, name: "Everything else", ms: other }].filter(({ ms }) => ms > 0);
}

export function totalMs(latency: Readonly<Record<string, number>>): number | undefined {
  return latency["total"];
}

/** `Gather context 1.23 s, write the note 3.00 ms`. */
export function phasesText(shares: readonly PhaseShare[]): string {
  return shares.map(({ name, ms }) => `${name} ${formatDuration(ms * 1e6)}`).join(", ");
}
