import { hash } from "node:crypto";
import type { Door } from "./door.ts";
import type { Incoming } from "./incoming.ts";
import type { Heard } from "./mapping/heard.ts";

/**
 * What is the same when a desk sends the same again: the sender's own id of the delivery, together with the ticket, so that a sender
 * whose id never changes loses no tickets; else event and last update of the ticket; else the content. The queue adds the tenant.
 */
export function deliveryIdOf(
  { scheme }: Door,
  { header, body }: Pick<Incoming, "header" | "body">,
  heard: Heard,
): string {
  for (const name of scheme.deliveryHeaders) {
    const id = header(name);
    if (id !== undefined) return `id\n${heard.ticketId}\n${id}`;
  }
  if (heard.updatedAt !== undefined) return `update\n${heard.ticketId}\n${heard.event}\n${heard.updatedAt}`;
  const content = hash("sha256", heard.state ?? body, "base64url");
  return `content\n${heard.ticketId}\n${heard.event}\n${content}`;
}
