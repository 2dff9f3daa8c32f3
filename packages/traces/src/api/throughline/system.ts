import type { SystemStatus } from "@throughline/api";
import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance } from "fastify";
import { sendJson } from "../json-answer.ts";

/** How the backend is. Its figures are of all tenants together: `status` is undefined for whoever is bound to one. */
export function systemRoute(
  server: FastifyInstance,
  status: (() => Promise<SystemStatus>) | undefined,
): void {
  server.get("/api/throughline/system", async (_request, reply) => {
    if (status === undefined)
      throw new ThroughlineError("TL_TOKEN_TENANT", "How the whole system is concerns all tenants.");
    return sendJson(reply, [JSON.stringify(await status())]);
  });
}
