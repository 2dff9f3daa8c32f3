import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import { setTimeout as sleep } from "node:timers/promises";
import { DeskError, type ServiceDesk } from "../desk/desk.ts";
import { inTicketSpan, type TicketRef } from "../span.ts";
import { inDeskSpan } from "./desk-span.ts";

/** What was said of a write so long before it is said anew. */
export const freshMarkMs = 500;
/** A desk that was asked to write may still do so this long after the asker died, who may have said so a little before. */
const settleMs = 10_000 + freshMarkMs;
const settlePollMs = 500;

/** Who must know that a write may have happened, before and after. */
export interface WriteJournal {
  /** Durable before it resolves. */
  started(): Promise<void>;
  /** The desk said plainly that it wrote nothing. */
  cleared(): Promise<void>;
}

/** Writes the note, in the span `api.<desk>.update_ticket`; the desk is asked once. Returns the note's id. */
export function putNote(
  ticket: TicketRef,
  note: { html: string; isPublic: boolean },
  desk: ServiceDesk,
  journal: WriteJournal,
  tracer: Tracer,
  signal: AbortSignal,
): Promise<string> {
  const target = desk.address;
  const options = {
    kind: SpanKind.CLIENT,
    attributes: {
      "http.request.method": "POST",
      "url.template": target.template,
      "server.address": target.host,
      "server.port": target.port,
      "desk.name": desk.name,
    },
  };
  return inTicketSpan(tracer, `api.${desk.name}.update_ticket`, ticket, options, async (span) => {
    await journal.started();
    try {
      const { noteId, httpStatus } = await desk.addNote(ticket.ticketId, note, signal);
      recordStatus(span, httpStatus);
      span.setAttribute("desk.note.id", noteId);
      return noteId;
    } catch (error) {
      if (error instanceof DeskError && error.httpStatus !== undefined) recordStatus(span, error.httpStatus);
      if (error instanceof DeskError && error.kind !== "transient") await journal.cleared();
      throw error;
    }
  });
}

/** The note of a write that may have happened, looked for as long as it may still appear. */
export async function writtenBefore(
  ticket: TicketRef,
  marker: string,
  startedAt: number,
  desk: ServiceDesk,
  tracer: Tracer,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    const found = await inDeskSpan(tracer, "find_note", desk, ticket, () =>
      desk.findNote(ticket.ticketId, marker, signal),
    );
    if (found !== undefined) return found.noteId;
    if (Date.now() >= startedAt + settleMs) return undefined;
    await sleep(settlePollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function recordStatus(span: Span, status: number): void {
  span.setAttributes({ "http.response.status_code": status, "http.status_code": status });
}
