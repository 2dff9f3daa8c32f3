import { describe, expect, test } from "vitest";
import { applyMapping } from "./apply.ts";
import { presetMappings } from "./presets/index.ts";
import { priorityOf } from "../../priority.ts";
import { mappingSchema } from "./schema.ts";

const now = Date.parse("2026-11-24T10:00:00Z");

function heard(preset: keyof typeof presetMappings, body: unknown) {
  const result = applyMapping(body, presetMappings[preset], now);
  if ("errors" in result) throw new Error(JSON.stringify(result.errors));
  return result.heard;
}

describe("presets", () => {
  test("ServiceDesk Plus: the file of a script action", () => {
    const body = {
      request: {
        id: "1045",
        subject: "VPN down",
        description: "<div>VPN <b>fails</b><br>since 9&nbsp;am</div>",
        priority: { name: "High", id: "4" },
        created_time: { value: "1764000000000", display_value: "Nov 24" },
        last_updated_time: { value: "1764000060000" },
        requester: { name: "Ann", email_id: "ann@example.com" },
        group: { name: "Network" },
        category: { name: "VPN" },
        status: { name: "Open" },
      },
      login_user: { id: "77", name: "Bob" },
    };
    expect(heard("servicedesk-plus", body)).toMatchObject({
      ticketId: "1045",
      subject: "VPN down",
      description: expect.stringMatching(/^VPN fails\s+since 9.am$/) as string,
      priority: "high",
      createdAt: "2025-11-24T16:00:00.000Z",
      updatedAt: "1764000060000",
      facts: {
        priority: "High",
        group: "Network",
        category: "VPN",
        status: "Open",
        requester: "ann@example.com",
      },
      actors: ["77", "Bob"],
    });
  });

  test("ServiceDesk Plus: a template's flat names, with placeholders that were not filled", () => {
    const body = { ticket_id: 12, subject: "$Subject", priority: "$Priority", description: "text" };
    const ticket = heard("servicedesk-plus", body);
    expect(ticket).toMatchObject({ ticketId: "12", priority: "medium", description: "text" });
    expect(ticket.subject).toBeUndefined();
    expect(ticket.facts.priority).toBeUndefined();
  });

  test("Jira: the admin webhook, and a description as a document", () => {
    const issue = {
      key: "HELP-7",
      fields: {
        summary: "Printer",
        description: {
          type: "doc",
          version: 1,
          content: [
            {
              type: "paragraph",
              content: [
                { type: "text", text: "It " },
                { type: "text", text: "jams" },
              ],
            },
          ],
        },
        priority: { name: "Highest" },
        created: "2026-11-24T09:00:00.000+0100",
        updated: "2026-11-24T09:30:00.000+0100",
        labels: ["print", "hw"],
        status: { name: "To Do" },
      },
    };
    expect(
      heard("jira", {
        webhookEvent: "jira:issue_created",
        issue,
        user: { accountId: "5b1", displayName: "A" },
      }),
    ).toMatchObject({
      ticketId: "HELP-7",
      event: "jira:issue_created",
      description: "It jams",
      priority: "critical",
      createdAt: "2026-11-24T08:00:00.000Z",
      facts: { labels: ["print", "hw"], status: "To Do" },
      actors: ["5b1", "A"],
    });
    expect(heard("jira", issue).ticketId).toBe("HELP-7");
  });

  test("Zendesk: an event and a trigger's template", () => {
    const detail = {
      id: "35436",
      subject: "Help",
      description: "I cannot log in",
      priority: "URGENT",
      status: "OPEN",
      created_at: "2026-11-24T09:00:00Z",
      updated_at: "2026-11-24T09:00:05Z",
      tags: ["login"],
      actor_id: "8447388090494",
    };
    expect(heard("zendesk", { type: "zen:event-type:ticket.created", detail })).toMatchObject({
      ticketId: "35436",
      event: "zen:event-type:ticket.created",
      priority: "critical",
      updatedAt: "2026-11-24T09:00:05Z",
      facts: { labels: ["login"], status: "OPEN" },
      actors: ["8447388090494"],
    });
    expect(heard("zendesk", { ticket_id: "9", description: "x", tags: "a, b" }).facts.labels).toEqual([
      "a",
      "b",
    ]);
  });

  test("Freshservice: numbers are priorities", () => {
    expect(
      heard("freshservice", { ticket_id: "21", priority: "4", description: "<p>a &amp; b</p>" }),
    ).toMatchObject({
      ticketId: "21",
      priority: "critical",
      description: "a & b",
    });
    expect(
      heard("freshservice", { freshdesk_webhook: { ticket_id: 5, ticket_priority: "Low" } }),
    ).toMatchObject({
      ticketId: "5",
      priority: "low",
    });
  });

  test("Zammad: id, not number; who changed it", () => {
    const ticket = {
      id: 81,
      number: "26001",
      title: "Mail",
      priority: { id: 3, name: "3 high" },
      state: { name: "new" },
      group: { name: "Users" },
      customer: { email: "n@example.com" },
      updated_at: "2026-11-24T09:00:00.000Z",
      updated_by: { id: 4, login: "bot@example.com", email: "bot@example.com" },
    };
    expect(
      heard("zammad", { ticket, article: { body: "<p>No mail</p>", created_by: { id: 9 } } }),
    ).toMatchObject({
      ticketId: "81",
      priority: "high",
      description: "No mail",
      facts: { group: "Users", status: "new", requester: "n@example.com" },
      actors: ["4", "bot@example.com", "bot@example.com", "9"],
    });
  });

  test("GLPI: a ticket, and a follow-up whose parent is the ticket", () => {
    const item = {
      id: 3,
      name: "Screen",
      content: "&lt;p&gt;dark&lt;/p&gt;",
      priority: 5,
      date_mod: "2026-11-24 09:00:00",
    };
    expect(heard("glpi", { event: "new", item })).toMatchObject({
      ticketId: "3",
      event: "new",
      priority: "critical",
    });
    expect(heard("glpi", { event: "new", item: { id: 99 }, parent_item: { id: 3 } }).ticketId).toBe("3");
  });

  test.each(Object.keys(presetMappings) as (keyof typeof presetMappings)[])(
    "%s: without an id the field is named, whatever the body is",
    (preset) => {
      for (const body of [{}, [], null, undefined, 7, "x", { ticket: null, request: 5, issue: { key: {} } }])
        expect(applyMapping(body, presetMappings[preset], now)).toMatchObject({
          errors: [{ field: "ticket_id" }],
        });
    },
  );
});

describe("a tenant's own mapping", () => {
  const own = (fields: object) => mappingSchema.parse({ fields: { ticket_id: "/id", ...fields } });
  const apply = (body: unknown, fields: object) => {
    const result = applyMapping(body, own(fields), now);
    if ("errors" in result) throw new Error(JSON.stringify(result.errors));
    return result.heard;
  };

  test("fallbacks, value maps in letters of any case, a default, escaped names", () => {
    const fields = {
      event: { from: "/what", map: { NEW: "ticket.created" }, otherwise: "ticket.changed" },
      description: ["/none", "/a~1b/m~0n"],
      priority: { from: "/sev", map: { Sev1: "critical" }, otherwise: "low" },
    };
    const body = { id: "X-1", what: "new", "a/b": { "m~n": "text" }, sev: "SEV1" };
    expect(apply(body, fields)).toMatchObject({
      event: "ticket.created",
      description: "text",
      priority: "critical",
    });
    expect(apply({ id: "X-1", sev: "other" }, fields)).toMatchObject({
      event: "ticket.changed",
      priority: "low",
    });
  });

  test("nothing inherited is a value", () => {
    expect(
      applyMapping({}, mappingSchema.parse({ fields: { ticket_id: "/constructor/name" } }), now),
    ).toHaveProperty("errors");
    expect(
      applyMapping({}, mappingSchema.parse({ fields: { ticket_id: "/__proto__" } }), now),
    ).toHaveProperty("errors");
  });

  test("HTML of any depth ends", () => {
    const deep = "<div>".repeat(50_000);
    expect(
      apply({ id: "1", text: `${deep}x` }, { description: { from: "/text", html: true } }).description,
    ).toContain("x");
  });

  test.each([
    ["a pointer without its slash", { fields: { ticket_id: "id" } }],
    ["an unknown field", { fields: { ticket_id: "/id", colour: "/c" } }],
    ["no id", { fields: {} }],
    ["an unknown setting", { fields: { ticket_id: "/id" }, javascript: "1" }],
  ])("%s is refused", (_what, input) => {
    expect(mappingSchema.safeParse(input).success).toBe(false);
  });
});

test.each([
  ["Urgent", "critical"],
  ["1 - Critical", "critical"],
  ["2 normal", "medium"],
  ["HIGH", "high"],
  ["Very Low", "low"],
  ["whatever", "medium"],
])("priority %s is %s", (said, expected) => {
  expect(priorityOf(said)).toBe(expected);
});
