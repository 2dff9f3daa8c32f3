import type { MappingInput } from "../schema.ts";

/**
 * GLPI 11, docs/desks/glpi.md: the default body, `event` and `item` as in its API v2; a follow-up's `parent_item` is the ticket.
 * Priorities are numbers from 1 (very low) to 6 (major).
 */
export const glpi: MappingInput = {
  fields: {
    ticket_id: ["/parent_item/id", "/item/id", "/ticket_id"],
    event: { from: ["/event"], otherwise: "ticket.changed" },
    subject: ["/parent_item/name", "/item/name", "/name"],
    description: { from: ["/parent_item/content", "/item/content", "/content"], html: true },
    priority: {
      from: ["/parent_item/priority", "/item/priority", "/priority"],
      map: { "1": "low", "2": "low", "3": "medium", "4": "high", "5": "critical", "6": "critical" },
    },
    created_at: ["/parent_item/date_creation", "/item/date_creation", "/item/date"],
    updated_at: ["/parent_item/date_mod", "/item/date_mod"],
    category: ["/parent_item/category/name", "/item/category/name"],
    group: ["/item/entity/name", "/parent_item/entity/name"],
    status: ["/parent_item/status/name", "/item/status/name", "/item/status"],
    requester: ["/item/user_recipient/name", "/parent_item/user_recipient/name"],
    labels: ["/item/tags"],
    actor: ["/item/user_editor/id", "/item/user_editor/name", "/item/user/id", "/item/user/name"],
  },
};
