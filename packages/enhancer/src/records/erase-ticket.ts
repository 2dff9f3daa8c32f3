import { ThroughlineError } from "@throughline/api";
import { leaveNoCopy } from "../database/leave-no-copy.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { contextChanged } from "../history/write-terms.ts";
import type { JobAdmin } from "../queue/queue.ts";
import type { EnhancementRecords } from "./enhancements.ts";

export interface TicketKeepers {
  database: EnhancerDatabase;
  queue: Pick<JobAdmin, "list" | "discard">;
  records: Pick<EnhancementRecords, "eraseTicket">;
}

const jobsAtMost = 1_000;

/**
 * Forgets a ticket: its jobs, what was kept of its attempts, what people thought of them, and its row in the history. Returns how many
 * of each. Throws TL_JOB_NOT_DISCARDABLE while an attempt is under way; nothing is forgotten then.
 */
export async function eraseTicket(
  { database, queue, records }: TicketKeepers,
  tenantId: string,
  ticketId: string,
): Promise<{ jobs: number; enhancements: number; history: number }> {
  const jobs = await queue.list({ tenantId, ticketId, limit: jobsAtMost });
  if (jobs.some(({ state }) => state === "active"))
    throw new ThroughlineError("TL_JOB_NOT_DISCARDABLE", "An attempt at the ticket is under way.");
  for (const { id } of jobs) await queue.discard(id);
  const enhancements = await records.eraseTicket(tenantId, ticketId);
  const history = await eraseHistory(database, tenantId, ticketId);
  await leaveNoCopy(database);
  return { jobs: jobs.length, enhancements, history };
}

async function eraseHistory(database: EnhancerDatabase, tenantId: string, ticketId: string): Promise<number> {
  const { numDeletedRows } = await database
    .deleteFrom("ticket_history")
    .where("tenant_id", "=", tenantId)
    .where("ticket_id", "=", ticketId)
    .executeTakeFirstOrThrow();
  if (numDeletedRows > 0n) await contextChanged(database, tenantId);
  return Number(numDeletedRows);
}
