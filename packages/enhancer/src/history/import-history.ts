import { z } from "zod";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Importer } from "./import-result.ts";
import { importRows } from "./import-rows.ts";
import { plainText, withoutControls } from "./plain-text.ts";

const resolvedAt = z.union([z.string(), z.number()]).transform((value, context): number | null => {
  const text = String(value).trim();
  if (text === "") return null;
  const isMilliseconds = typeof value === "number" || /^\d{11,14}$/.test(text);
  const time = isMilliseconds ? Number(text) : /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isSafeInteger(time)) return time;
  context.addIssue({ code: "custom", message: "is no date: ISO 8601 or milliseconds since the epoch" });
  return z.NEVER;
});

const tags = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (Array.isArray(value) ? value : value.split(";"))
      .map((tag) => withoutControls(tag).trim())
      .filter((tag) => tag !== ""),
  );

const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional());

/** Text that a note may quote. */
const prose = (limit: number) =>
  z
    .string()
    .max(limit)
    .transform((value, context): string => {
      try {
        return plainText(value);
      } catch (error) {
        context.addIssue({ code: "custom", message: String(error instanceof Error ? error.message : error) });
        return z.NEVER;
      }
    });

export const resolvedTicket = z.object({
  ticket_id: z
    .string()
    .max(100)
    .regex(/^[A-Z0-9-]+$/, "must be of A-Z, 0-9 and -"),
  subject: prose(500),
  description: prose(10_000),
  resolution: prose(20_000).pipe(z.string().min(1)),
  resolved_date: optional(resolvedAt),
  priority: optional(z.enum(["low", "medium", "high", "critical"])),
  tags: optional(tags),
});
export type ResolvedTicket = z.infer<typeof resolvedTicket>;

/**
 * Resolved tickets from CSV (with a header) or JSONL: `ticket_id, subject, description, resolution, resolved_date, priority, tags`.
 * Upsert on tenant and ticket. Throws TL_TENANT_UNKNOWN, TL_FILE_UNREADABLE, TL_IMPORT_NOTHING.
 */
export const importHistory: Importer = (...job) =>
  importRows(
    {
      schema: resolvedTicket,
      required: ["ticket_id", "subject", "description", "resolution"],
      keyOf: ({ ticket_id: id }) => id,
      upsert: upsertResolvedTickets,
    },
    ...job,
  );

/** Rows of different tickets, in one transaction. */
export async function upsertResolvedTickets(
  database: EnhancerDatabase,
  tenantId: string,
  tickets: readonly ResolvedTicket[],
) {
  const counts = { inserted: 0, updated: 0, unchanged: 0 };
  if (tickets.length === 0) return counts;
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
    await transaction
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
      .execute();
  });
  return counts;
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
