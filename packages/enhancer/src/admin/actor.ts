import type { AdminPrincipal } from "@throughline/api/admin";

/** As the audit log names who asked over HTTP. */
export function actorOf({ id, name }: AdminPrincipal): string {
  return id === "" ? name : `token ${name} (${id})`;
}
