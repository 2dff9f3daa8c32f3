import { ThroughlineError } from "@throughline/api";
import { type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import { elsewhere, type LogSubject, readLogs } from "./read-logs.ts";

const id = z.string().min(1).max(200);

/** `/logs` of the admin API. */
export function logRoutes(directory: string): readonly AdminRoute[] {
  return [
    adminRoute({
      method: "GET",
      path: "/logs",
      operationId: "getLogs",
      tag: "logs",
      summary: "Log lines of a ticket or a trace, oldest first",
      description:
        "One of `ticket` and `trace`. `elsewhere` says which lines are not among these. A token that belongs to a tenant sees its lines only.",
      scope: "read",
      reach: "own",
      query: z.strictObject({
        ticket: id.optional(),
        trace: id.optional(),
        limit: z.coerce.number().int().min(1).max(50_000).default(5_000),
      }),
      response: z.object({
        lines: z.array(z.record(z.string(), z.unknown())),
        elsewhere: z.string(),
      }),
      handle: async ({ query: { ticket, trace, limit }, principal }) => {
        if ((ticket === undefined) === (trace === undefined))
          throw new ThroughlineError("TL_PARAMETER_INVALID", "Name either a ticket or a trace.");
        const subject: LogSubject = ticket === undefined ? { trace: trace ?? "" } : { ticket };
        const lines = await readLogs(directory, subject, { tenant: principal.tenant, limit });
        return { body: { lines, elsewhere: elsewhere(directory) } };
      },
    }),
  ];
}
