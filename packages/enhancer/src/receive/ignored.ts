import type { TenantSettings } from "../tenants/settings.ts";
import { filteredBecause, isSame, type KnownFields } from "../tenants/ticket-filters.ts";
import type { Heard, HeardFacts } from "./mapping/heard.ts";

/** Why an event makes no job. */
export interface Ignored {
  reason: "own_event" | "filtered";
  detail: string;
}

/**
 * Events of our own technician, which would answer each note with another, and what the tenant's filters keep out as far as the webhook
 * says. The worker asks them again once the desk has told the rest.
 */
export function ignoredBecause(
  settings: Pick<TenantSettings, "desk" | "filters">,
  heard: Heard,
): Ignored | undefined {
  const { id, name } = settings.desk.technician;
  const own = [id, name].filter((one) => one !== null);
  if (heard.actors.some((actor) => own.some((one) => isSame(one, actor))))
    return { reason: "own_event", detail: "The change is our own technician's." };
  const detail = filteredBecause(settings.filters, saidOf(heard.facts, heard.priority));
  return detail === undefined ? undefined : { reason: "filtered", detail };
}

/** Only what was said; a priority counts in the desk's word and in ours. */
function saidOf(facts: HeardFacts, priority: string): KnownFields {
  const said: KnownFields = {};
  if (facts.priority !== undefined) said.priority = [facts.priority, priority];
  for (const field of ["category", "group", "status", "requester"] as const) {
    const value = facts[field];
    if (value !== undefined) said[field] = [value];
  }
  if (facts.labels !== undefined) said.label = facts.labels;
  return said;
}
