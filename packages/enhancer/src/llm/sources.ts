import type { GatheredContext, Source } from "../ticket.ts";

/** All that may be cited, in the order of its numbers. */
export function sourcesOf(context: GatheredContext): Source[] {
  return [...context.tickets, ...context.documents, ...context.systems];
}
