import { z } from "zod";

/** What each page's URL may hold. A parameter that does not fit is left out, never an error. */
const text = z.coerce.string().optional().catch(undefined);

export const ticketsSearch = z.object({
  q: text,
  status: z.enum(["success", "partial", "failed", "running"]).optional().catch(undefined),
});
export type TicketsSearch = z.infer<typeof ticketsSearch>;

/** Jaeger's own parameter names where it has them. */
export const tracesSearch = z.object({
  service: text,
  operation: text,
  tags: text,
  minDuration: text,
  maxDuration: text,
  lookback: text,
  limit: z.coerce.number().int().min(1).max(1_500).optional().catch(undefined),
  status: z.enum(["error"]).optional().catch(undefined),
});
export type TracesSearch = z.infer<typeof tracesSearch>;

export const traceSearch = z.object({ span: text });
