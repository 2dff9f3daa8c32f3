import { z } from "zod";

/** Query of a list that grows. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(200).optional().meta({ description: "`nextCursor` of the page before." }),
});

/** Where a list's cursors have a form. */
export function cursorOf(form: RegExp) {
  return z.string().regex(form).optional().meta({ description: "`nextCursor` of the page before." });
}

const time = z.iso.datetime({ offset: true }).optional();
export const timeQuery = {
  since: time.meta({ description: "From here on, ISO 8601 with zone." }),
  until: time.meta({ description: "Before this, ISO 8601 with zone." }),
};

/** Milliseconds since the epoch. */
export function msOf(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}
