import type { MappingInput } from "../schema.ts";

/**
 * Jira and Jira Service Management, docs/desks/jira.md: the admin webhook's body
 * (https://developer.atlassian.com/server/jira/platform/webhooks/), or the issue that an automation rule sends.
 */
export const jira: MappingInput = {
  fields: {
    ticket_id: ["/issue/key", "/key"],
    event: { from: ["/webhookEvent", "/event"], otherwise: "jira:issue_updated" },
    subject: ["/issue/fields/summary", "/fields/summary"],
    description: ["/issue/fields/description", "/fields/description"],
    priority: ["/issue/fields/priority/name", "/fields/priority/name"],
    created_at: ["/issue/fields/created", "/fields/created"],
    updated_at: ["/issue/fields/updated", "/fields/updated", "/timestamp"],
    category: ["/issue/fields/components/0/name", "/fields/components/0/name"],
    group: ["/issue/fields/project/key", "/fields/project/key"],
    status: ["/issue/fields/status/name", "/fields/status/name"],
    requester: [
      "/issue/fields/reporter/emailAddress",
      "/issue/fields/reporter/displayName",
      "/fields/reporter/emailAddress",
      "/fields/reporter/displayName",
    ],
    labels: ["/issue/fields/labels", "/fields/labels"],
    actor: [
      "/user/accountId",
      "/user/name",
      "/user/displayName",
      "/user/emailAddress",
      "/comment/author/accountId",
    ],
  },
};
