import type { MappingInput } from "../schema.ts";

/**
 * ServiceDesk Plus, docs/desks/servicedesk-plus.md: what `$COMPLETE_V3_JSON_FILE` holds (`request` as in API v3), and the template of the
 * webhook action, which an administrator writes by hand: flat names, form fields, raw line breaks, pages in the server's own charset.
 */
export const servicedeskPlus: MappingInput = {
  bodies: ["json", "form", "multipart", "text"],
  looseJson: true,
  otherCharsets: true,
  fields: {
    ticket_id: [
      "/request/id",
      "/ticket_id",
      "/request_id",
      "/requestid",
      "/workorderid",
      "/input_data/request/id",
      "/id",
    ],
    event: { from: ["/event", "/operation", "/request/event"], otherwise: "ticket.changed" },
    subject: ["/request/subject", "/subject", "/input_data/request/subject"],
    description: {
      from: [
        "/request/description",
        "/request/short_description",
        "/description",
        "/input_data/request/description",
      ],
      html: true,
    },
    priority: ["/request/priority/name", "/request/priority", "/priority/name", "/priority"],
    created_at: ["/request/created_time/value", "/created_time/value", "/created_at", "/created_time"],
    updated_at: [
      "/request/last_updated_time/value",
      "/last_updated_time/value",
      "/updated_at",
      "/last_updated_time",
    ],
    category: ["/request/category/name", "/category/name", "/category"],
    group: ["/request/group/name", "/group/name", "/group"],
    status: ["/request/status/name", "/status/name", "/status"],
    requester: [
      "/request/requester/email_id",
      "/request/requester/name",
      "/requester/email_id",
      "/requester",
    ],
    labels: ["/request/tags", "/tags", "/labels"],
    actor: [
      "/login_user/id",
      "/login_user/name",
      "/request/last_updated_by/id",
      "/request/last_updated_by/name",
      "/actor",
    ],
  },
};
