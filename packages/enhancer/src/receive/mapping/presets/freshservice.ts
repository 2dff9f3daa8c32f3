import type { MappingInput } from "../schema.ts";

/**
 * Freshservice, docs/desks/freshservice.md: the web request of a workflow, with our names, or what it sends in its simple form
 * (`freshdesk_webhook`). Priorities and statuses come as numbers from the API and as words from placeholders.
 */
export const freshservice: MappingInput = {
  bodies: ["json", "form", "text"],
  looseJson: true,
  fields: {
    ticket_id: [
      "/ticket_id",
      "/freshdesk_webhook/ticket_id_numeric",
      "/freshdesk_webhook/ticket_id",
      "/ticket/id",
    ],
    event: {
      from: ["/event", "/freshdesk_webhook/triggered_event"],
      otherwise: "ticket.changed",
    },
    subject: ["/subject", "/freshdesk_webhook/ticket_subject", "/ticket/subject"],
    description: {
      from: [
        "/description",
        "/freshdesk_webhook/ticket_description",
        "/ticket/description_text",
        "/ticket/description",
      ],
      html: true,
    },
    priority: {
      from: ["/priority", "/freshdesk_webhook/ticket_priority", "/ticket/priority"],
      map: { "1": "low", "2": "medium", "3": "high", "4": "critical", Urgent: "critical" },
    },
    created_at: ["/created_at", "/ticket/created_at"],
    updated_at: ["/updated_at", "/ticket/updated_at"],
    category: ["/category", "/freshdesk_webhook/ticket_category", "/ticket/category"],
    group: ["/group", "/freshdesk_webhook/ticket_group_name", "/ticket/group_id"],
    status: ["/status", "/freshdesk_webhook/ticket_status", "/ticket/status"],
    requester: ["/requester", "/freshdesk_webhook/ticket_requester_email", "/ticket/requester_id"],
    labels: ["/labels", "/tags", "/freshdesk_webhook/ticket_tags"],
    actor: ["/actor", "/freshdesk_webhook/ticket_agent_email"],
  },
};
