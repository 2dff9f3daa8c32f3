import { setImmediate } from "node:timers/promises";
import { ticketFields } from "../context/words/stored-terms.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { contextChanged, writeTerms } from "./write-terms.ts";

/** Plain text throughout. */
export interface ResolvedTicket {
  ticket_id: string;
  subject: string;
  description: string;
  resolution: string;
  /** Milliseconds since the epoch. */
  resolved_date?: number | null | undefined;
  priority?: string | undefined;
  tags?: readonly string[] | undefined;
}

/** Rows of one transaction: others that write, and whoever else this thread serves, get their turn between two. */
const rowsPerTransaction = 50;

interface Counts {
  inserted: number;
  updated: number;
  unchanged: number;
}

/** Upserts on tenant and ticket, with what is searched of them. */
export async function storeTickets(
  database: EnhancerDatabase,
  tenantId: string,
  tickets: readonly ResolvedTicket[],
): Promise<Counts> {
  const counts = { inserted: 0, updated: 0, unchanged: 0 };
  for (let at = 0; at < tickets.length; at += rowsPerTransaction) {
    if (at > 0) await setImmediate();
    await storeSome(database, tenantId, tickets.slice(at, at + rowsPerTransaction), counts);
  }
  return counts;
}

async function storeSome(
  database: EnhancerDatabase,
  tenantId: string,
  tickets: readonly ResolvedTicket[],
  counts: Counts,
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    const ids = tickets.map(({ ticket_id: id }) => id);
    const known = await transaction
      .selectFrom("ticket_history")
      .selectAll()
      .where("tenant_id", "=", tenantId)
      .where("ticket_id", "in", ids)
      .execute();
    const byId = new Map(known.map(({ rowid: _rowid, ...row }) => [row.ticket_id, JSON.stringify(row)]));
    const changed = tickets
      .map((ticket) => toRow(tenantId, ticket))
      .filter((row) => {
        const before = byId.get(row.ticket_id);
        if (before === undefined) counts.inserted++;
        else if (before === JSON.stringify(row)) counts.unchanged++;
        else counts.updated++;
        return before !== JSON.stringify(row);
      });
    if (changed.length === 0) return;
    const stored = await transaction
      .insertInto("ticket_history")
      .values(changed)
      .onConflict((conflict) =>
        conflict.columns(["tenant_id", "ticket_id"]).doUpdateSet((eb) => ({
          subject: eb.ref("excluded.subject"),
          description: eb.ref("excluded.description"),
          resolution: eb.ref("excluded.resolution"),
          resolved_at: eb.ref("excluded.resolved_at"),
          priority: eb.ref("excluded.priority"),
          tags: eb.ref("excluded.tags"),
        })),
      )
      .returning(["rowid", ...ticketFields])
      .execute();
    const texts = stored.map((row) => ({ rowid: row.rowid, texts: ticketFields.map((field) => row[field]) }));
    await writeTerms(transaction, "ticket_history", tenantId, texts);
    await contextChanged(transaction, tenantId);
  });
}

/** In the order of the table's columns, so that a row can be compared with what is stored. */
function toRow(tenantId: string, ticket: ResolvedTicket) {
  return {
    tenant_id: tenantId,
    ticket_id: ticket.ticket_id,
    subject: ticket.subject,
    description: ticket.description,
    resolution: ticket.resolution,
    resolved_at: ticket.resolved_date ?? null,
    priority: ticket.priority ?? null,
    tags: JSON.stringify(ticket.tags ?? []),
  };
}
