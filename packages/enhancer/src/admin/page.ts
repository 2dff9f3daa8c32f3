import { z } from "zod";

/** Query of a list that grows. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(200).optional().meta({ description: "`nextCursor` of the page before." }),
});
