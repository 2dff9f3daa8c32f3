import type { MappingInput } from "../schema.ts";

/**
 * Zendesk, docs/desks/zendesk.md: an event subscription's body (`detail`,
 * https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/), or the JSON of a trigger with our names.
 */
export const zendesk: MappingInput = {
  looseJson: true,
  fields: {
    ticket_id: ["/detail/id", "/ticket/id", "/ticket_id"],
    event: { from: ["/type", "/event"], otherwise: "ticket.changed" },
    subject: ["/detail/subject", "/ticket/title", "/ticket/subject", "/subject"],
    description: ["/detail/description", "/ticket/description", "/description"],
    priority: ["/detail/priority", "/ticket/priority", "/priority"],
    created_at: ["/detail/created_at", "/ticket/created_at", "/created_at"],
    updated_at: ["/detail/updated_at", "/ticket/updated_at", "/updated_at", "/time"],
    category: ["/detail/type", "/ticket/type", "/category"],
    group: ["/detail/group_id", "/ticket/group/name", "/ticket/group_id", "/group"],
    status: ["/detail/status", "/ticket/status", "/status"],
    requester: ["/detail/requester_id", "/ticket/requester/email", "/requester"],
    labels: ["/detail/tags", "/ticket/tags", "/tags"],
    actor: ["/detail/actor_id", "/actor/id", "/actor"],
  },
};
