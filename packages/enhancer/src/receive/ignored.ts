import type { TenantSettings } from "../tenants/settings.ts";
import type { Heard, HeardFacts } from "./mapping/heard.ts";

/** Why an event makes no job. */
export interface Ignored {
  reason: "own_event" | "filtered";
  detail: string;
}

/**
 * Events of our own technician, which would answer each note with another, and what the tenant's filters keep out. A filter asks only for
 * what the webhook says: what it is silent about keeps nothing out.
 */
export function ignoredBecause(
  settings: Pick<TenantSettings, "desk" | "filters">,
  heard: Heard,
): Ignored | undefined {
  const { id, name } = settings.desk.technician;
  const own = [id, name].filter((one) => one !== null);
  if (heard.actors.some((actor) => own.some((one) => isSame(one, actor))))
    return { reason: "own_event", detail: "The change is our own technician's." };
  for (const [field, values] of saidOf(heard.facts, heard.priority)) {
    if (settings.filters.exclude[field].some((wanted) => values.some((value) => isSame(wanted, value))))
      return { reason: "filtered", detail: `The tenant's filters exclude its ${field}.` };
    const wanted = settings.filters.include[field];
    if (wanted.length > 0 && !wanted.some((one) => values.some((value) => isSame(one, value))))
      return { reason: "filtered", detail: `The tenant's filters do not include its ${field}.` };
  }
  return undefined;
}

type FilterField = keyof TenantSettings["filters"]["include"];

/** Only what was said; a priority counts in the desk's word and in ours. */
function saidOf(facts: HeardFacts, priority: string): [FilterField, string[]][] {
  const said: [FilterField, string[]][] = [];
  if (facts.priority !== undefined) said.push(["priority", [facts.priority, priority]]);
  for (const field of ["category", "group", "status", "requester"] as const) {
    const value = facts[field];
    if (value !== undefined) said.push([field, [value]]);
  }
  if (facts.labels !== undefined) said.push(["label", facts.labels]);
  return said;
}

function isSame(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
