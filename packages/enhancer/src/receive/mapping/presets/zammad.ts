import type { MappingInput } from "../schema.ts";

/**
 * Zammad, docs/desks/zammad.md: the default payload, `ticket` and `article`
 * (https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html). The API knows a ticket by its id, not by its number.
 */
export const zammad: MappingInput = {
  fields: {
    ticket_id: ["/ticket/id", "/ticket_id"],
    event: { from: ["/event"], otherwise: "ticket.changed" },
    subject: ["/ticket/title", "/title", "/subject"],
    description: { from: ["/article/body", "/ticket/article/body", "/description"], html: true },
    priority: ["/ticket/priority/name", "/ticket/priority", "/priority"],
    created_at: ["/ticket/created_at", "/created_at"],
    updated_at: ["/ticket/updated_at", "/updated_at"],
    category: ["/ticket/category", "/category"],
    group: ["/ticket/group/name", "/ticket/group", "/group"],
    status: ["/ticket/state/name", "/ticket/state", "/state"],
    requester: ["/ticket/customer/email", "/ticket/customer/login", "/ticket/customer"],
    labels: ["/ticket/tags", "/tags"],
    actor: [
      "/ticket/updated_by/id",
      "/ticket/updated_by/login",
      "/ticket/updated_by/email",
      "/article/created_by/id",
      "/article/created_by/login",
      "/article/created_by/email",
    ],
  },
};
