import { ThroughlineError } from "@throughline/api";
import { join } from "node:path";
import { addressOfRunning, runningInstances, tokenOfRunning } from "../runtime/data-directory.ts";
import { logTextSince } from "./new-log-text.ts";
import { newTicketId } from "./send-ticket.ts";
import type { System } from "./system.ts";
import type { TemporaryTenant } from "./temporary-tenant.ts";

/** The roles that run on a data directory. Throws TL_NOT_RUNNING where none receives, or none shows traces. */
export function localSystem(
  directory: string,
  jaeger: { url: string | undefined; token: string | undefined },
): Omit<System, "tenant" | "secret"> {
  const webhook = addressOfRunning(directory, "webhook");
  if (webhook === undefined)
    throw new ThroughlineError("TL_NOT_RUNNING", `No receiver runs on ${directory}.`);
  const console = addressOfRunning(directory, "console");
  const url = jaeger.url ?? console;
  if (url === undefined)
    throw new ThroughlineError(
      "TL_NOT_RUNNING",
      `No trace backend runs on ${directory}; name the one that the roles export to with --jaeger URL.`,
    );
  const isOwnBackend = jaeger.url === undefined;
  return {
    webhook: `${webhook}/webhook/servicedesk`,
    jaeger: { url, token: isOwnBackend ? tokenOfRunning(directory, "console") : jaeger.token },
    isOwnBackend,
    admins: runningInstances(directory).flatMap(({ addresses, token }) => {
      const { admin } = addresses;
      const hasTraces = isOwnBackend && addresses["console"] !== undefined;
      return admin === undefined ? [] : [{ url: admin, token, hasTraces }];
    }),
    ticket: newTicketId(),
    newLogText: logTextSince(join(directory, "logs")),
  };
}

export function withTenant(
  system: Omit<System, "tenant" | "secret">,
  { id, secret, deskWasAsked }: TemporaryTenant,
): System {
  return { ...system, tenant: id, secret, deskWasAsked };
}
