import type { Tracer } from "@opentelemetry/api";
import { priorityOf } from "../priority.ts";
import { DeskError, type DeskTicket, type ServiceDesk } from "../desk/desk.ts";
import type { LeasedJob } from "../queue/queue.ts";
import type { EnhancementRecords } from "../records/enhancements.ts";
import type { NoteSwitch } from "../records/note-switch.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { filteredBecause, isSame, type KnownFields } from "../tenants/ticket-filters.ts";
import { inDeskSpan } from "./desk-span.ts";
import { ticketMarker } from "./marker.ts";
import type { ReadTicket } from "./read-ticket.ts";

/** Why a ticket gets no note: a decision, not an error. */
export interface Refusal {
  code: "off" | "closed" | "opted_out" | "filtered" | "already_noted";
  /** For people. */
  reason: string;
}

export interface RefusalDependencies {
  noteSwitch: Pick<NoteSwitch, "isOn">;
  records: Pick<EnhancementRecords, "isNoted">;
  /** false: this process was started with `--notes off`. */
  notesOn: boolean;
  tracer: Tracer;
}

/** The kill switches: of this process, of all, of the tenant. Each counts at once. */
export async function whyOff(tenant: Tenant, deps: RefusalDependencies): Promise<Refusal | undefined> {
  if (!deps.notesOn) return { code: "off", reason: "Notes are switched off for this worker (--notes off)." };
  if (!(await deps.noteSwitch.isOn()))
    return { code: "off", reason: "Notes are switched off (`throughline notes on` switches them on)." };
  if (!tenant.settings.note.enabled)
    return { code: "off", reason: `Notes of the tenant ${tenant.id} are switched off.` };
  return undefined;
}

/** Closed, or of a group, category or requester that wants no notes. */
export function whyNotWanted({ onDesk }: ReadTicket, tenant: Tenant): Refusal | undefined {
  if (onDesk === undefined) return undefined;
  if (onDesk.isClosed)
    return { code: "closed", reason: `The ticket is closed (${onDesk.status ?? "no status"}).` };
  const { groups, categories, requesters } = tenant.settings.note.optOut;
  const asked: [string, readonly string[], readonly (string | undefined)[]][] = [
    ["group", groups, [onDesk.group]],
    ["category", categories, [onDesk.category]],
    ["requester", requesters, [onDesk.requester.email, onDesk.requester.name]],
  ];
  for (const [what, optedOut, values] of asked) {
    const found = values.find((value) => value !== undefined && optedOut.some((one) => isSame(one, value)));
    if (found !== undefined) return { code: "opted_out", reason: `The ${what} ${found} opted out of notes.` };
  }
  return undefined;
}

/** The tenant's filters, by what the desk says: the webhook may have said less. A later edit of such a field does not block the note. */
export function whyFiltered({ onDesk }: ReadTicket, tenant: Tenant): Refusal | undefined {
  if (onDesk === undefined) return undefined;
  const { priority, category, group, status, requester, labels } = onDesk;
  const known: KnownFields = {};
  if (priority !== undefined) known.priority = [priority, priorityOf(priority)];
  for (const [field, value] of Object.entries({ category, group, status }))
    if (value !== undefined) known[field as "category" | "group" | "status"] = [value];
  const names = [requester.name, requester.email].filter((name) => name !== undefined);
  if (names.length > 0) known.requester = names;
  if (labels !== undefined) known.label = labels;
  const reason = filteredBecause(tenant.settings.filters, known);
  return reason === undefined ? undefined : { code: "filtered", reason };
}

/** One note for each ticket: by our own records, then by the desk's, unless somebody forced another. */
export async function whyNotAgain(
  job: LeasedJob,
  tenant: Tenant,
  desk: ServiceDesk,
  onDesk: DeskTicket | undefined,
  deps: RefusalDependencies,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  if (job.isForced) return undefined;
  const { tenantId, ticketId } = job.ticket;
  const reason = "The ticket has its note already (`throughline jobs rerun ID --force` writes another).";
  const refusal: Refusal = { code: "already_noted", reason };
  const isShadow = tenant.settings.note.mode === "shadow";
  if (await deps.records.isNoted(tenantId, ticketId, { withShadows: isShadow })) return refusal;
  if (onDesk === undefined || onDesk.hasNotes === false) return undefined;
  try {
    const found = await inDeskSpan(deps.tracer, "find_note", desk, job.ticket, () =>
      desk.findNote(ticketId, ticketMarker(job.ticket), signal),
    );
    return found === undefined ? undefined : refusal;
  } catch (error) {
    // A technician who may not list notes: our own records have said all there is to know.
    if (error instanceof DeskError && error.kind === "permanent") return undefined;
    throw error;
  }
}
