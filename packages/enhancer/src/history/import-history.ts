import { z } from "zod";
import type { Importer } from "./import-result.ts";
import { importRows } from "./import-rows.ts";
import { plainText, withoutControls } from "./plain-text.ts";
import { storeTickets } from "./store-tickets.ts";

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
      upsert: storeTickets,
    },
    ...job,
  );
