import type { AdminPrincipal } from "@throughline/api/admin";

/** As the audit log names who asked over HTTP. */
export function actorOf({ id, name }: AdminPrincipal): string {
  // People who are logged in go by their names, and so do whoever needs no token, and this process itself.
  return id === "" || id.startsWith("user:") ? name : `token ${name} (${id})`;
}
