import type { Tracer } from "@opentelemetry/api";
import { DeskError, type DeskTicket, type ServiceDesk } from "../desk/desk.ts";
import type { Tenant } from "../tenants/tenants.ts";
import type { Ticket } from "../ticket.ts";
import { inDeskSpan } from "./desk-span.ts";

/** A ticket as it is now: what the desk says, and where it says nothing, what the webhook said. */
export interface ReadTicket {
  ticket: Ticket;
  /** undefined: the desk does not show it to our technician. */
  onDesk: DeskTicket | undefined;
  /** Why the desk could not be read. */
  unread?: string;
}

/**
 * Asks the desk for the ticket. A technician who may write notes but not read tickets costs the note its check and is told, unless
 * the tenant opted tickets out: then nothing is written that could not be checked. Throws DeskError.
 */
export async function readTicket(
  known: Ticket,
  desk: ServiceDesk,
  tenant: Tenant,
  tracer: Tracer,
  signal: AbortSignal,
): Promise<ReadTicket> {
  try {
    const onDesk = await inDeskSpan(tracer, "get_ticket", desk, known, () =>
      desk.getTicket(known.ticketId, signal),
    );
    return { ticket: merged(known, onDesk), onDesk };
  } catch (error) {
    if (!(error instanceof DeskError) || !isHidden(error) || optsOut(tenant)) throw error;
    return { ticket: known, onDesk: undefined, unread: error.message };
  }
}

/** Whether what a note is written from has changed; everything else may. */
export function textChanged(before: ReadTicket, now: ReadTicket): boolean {
  return before.ticket.subject !== now.ticket.subject || before.ticket.description !== now.ticket.description;
}

function merged(known: Ticket, { subject, description }: DeskTicket): Ticket {
  return {
    ...known,
    ...(subject === "" ? {} : { subject }),
    ...(description === "" ? {} : { description }),
  };
}

function isHidden({ kind, httpStatus }: DeskError): boolean {
  return kind === "permanent" && (httpStatus === 403 || httpStatus === 404 || httpStatus === 405);
}

function optsOut({ settings }: Tenant): boolean {
  return Object.values(settings.note.optOut).some((list) => list.length > 0);
}
