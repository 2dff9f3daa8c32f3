import { createHash } from "node:crypto";
import type { LeasedJob } from "../queue/queue.ts";

/** Stands in every note on the ticket, whichever job wrote it: a ticket that has one has its note. */
export function ticketMarker({ tenantId, ticketId }: { tenantId: string; ticketId: string }): string {
  return `tl-${digest(`${tenantId}\n${ticketId}`, 20)}`;
}

/**
 * The idempotency key of a job's note, the same for every attempt. A rerun that was forced by hand writes beside what stands there, so
 * its key has a part of its own.
 */
export function jobMarker({ id, ticket, isForced }: Pick<LeasedJob, "id" | "ticket" | "isForced">): string {
  const marker = ticketMarker(ticket);
  return isForced ? `${marker}-${digest(id, 12)}` : marker;
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
