import type { Ticket } from "../ticket.ts";

/**
 * What a job says of its ticket, as JSON beside its version. Version 2 says what the webhook said and may lack any field but these two
 * ids; version 1 (release 0.1) is the same with all of its fields. A version is read by the program that writes it and by the next.
 */
export const payloadVersion = 2;
const readable: readonly number[] = [1, 2];

/** Attempts of a job before it is dead: the first and three more; a retry by hand gives as many again. */
export const attemptsPerTry = 4;
/** A worker that crashes with the job in hand costs no attempt, but a job that crashes each worker is dead in the end. */
export const mostTakeovers = 10;

const priorities = ["critical", "high", "medium", "low"] as const satisfies readonly Ticket["priority"][];
/** A job overtakes those of the next lower priority that came up to so many milliseconds before it, and no older one: none starves. */
export const ageingMs = 300_000;

export const priorityNames = priorities;

export function priorityRank(priority: Ticket["priority"]): number {
  return priorities.indexOf(priority);
}

/** Jobs of a tenant are taken by this, smallest first. */
export function rankOf(priority: Ticket["priority"], availableAt: number): number {
  return availableAt + priorityRank(priority) * ageingMs;
}

export function encodeTicket(ticket: Ticket): string {
  return JSON.stringify(ticket);
}

/** Throws UnreadablePayload. */
export function decodeTicket(version: number, text: string): Ticket {
  if (!readable.includes(version)) {
    throw new UnreadablePayload(
      `The job's payload has version ${version}; this program reads ${readable.join(" and ")}. Start the version that wrote it, then retry the job.`,
    );
  }
  let ticket: unknown;
  try {
    ticket = JSON.parse(text);
  } catch {
    throw new UnreadablePayload("The job's payload is not JSON.");
  }
  if (!isTicket(ticket)) throw new UnreadablePayload("The job's payload names no tenant or ticket.");
  return ticket;
}

function isTicket(value: unknown): value is Ticket {
  if (typeof value !== "object" || value === null) return false;
  return "tenantId" in value && typeof value.tenantId === "string" && "ticketId" in value;
}

/** A job that this program cannot read goes to the dead letter with this as its reason. */
export class UnreadablePayload extends Error {
  override readonly name = "UnreadablePayload";
}

/** What a W3C `traceparent` says of a job's trace; nothing where there is none. */
export function traceOf(traceparent: string): { traceId: string | null; sampled: boolean | null } {
  const [, traceId, flags] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})/.exec(traceparent) ?? [];
  if (traceId === undefined || flags === undefined) return { traceId: null, sampled: null };
  return { traceId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
