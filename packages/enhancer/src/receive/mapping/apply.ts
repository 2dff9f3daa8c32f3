import type { FieldError } from "@throughline/api";
import { plainText } from "../../history/plain-text.ts";
import type { Heard, HeardFacts } from "./heard.ts";
import { priorityOf } from "../../priority.ts";
import type { FieldRule, Mapping } from "./schema.ts";

const descriptionAtMost = 10_000;
const ticketIdForm = /^[A-Z0-9-]{1,100}$/;

/** What a body says by a mapping; the fields at fault where it does not name a ticket. */
export function applyMapping(
  body: unknown,
  { fields }: Mapping,
  nowMs: number,
): { heard: Heard } | { errors: FieldError[] } {
  const id = textOf(body, fields.ticket_id);
  if (id === undefined)
    return {
      errors: [{ field: "ticket_id", message: `is not found at ${fields.ticket_id.from.join(", ")}` }],
    };
  if (!ticketIdForm.test(id))
    return { errors: [{ field: "ticket_id", message: "must be of A-Z, 0-9 and -, 100 at most" }] };
  const text = (name: keyof Mapping["fields"], limit = 200) => textOf(body, fields[name])?.slice(0, limit);
  const subject = text("subject", 500);
  const description = text("description", descriptionAtMost) ?? subject ?? "";
  const said = text("priority");
  const updatedAt = text("updated_at");
  const facts: HeardFacts = {};
  for (const name of ["category", "group", "status", "requester"] as const) {
    const value = text(name);
    if (value !== undefined) facts[name] = value;
  }
  if (said !== undefined) facts.priority = said;
  const labels = listOf(body, fields.labels);
  if (labels !== undefined) facts.labels = labels;
  return {
    heard: {
      ticketId: id,
      event: text("event", 100) ?? "ticket.changed",
      ...(subject === undefined ? {} : { subject }),
      description,
      priority: said === undefined ? "medium" : priorityOf(said),
      createdAt: isoTime(text("created_at")) ?? new Date(nowMs).toISOString(),
      ...(updatedAt === undefined ? {} : { updatedAt }),
      facts,
      actors: listOf(body, fields.actor, true) ?? [],
    },
  };
}

function textOf(body: unknown, rule: FieldRule | undefined): string | undefined {
  if (rule === undefined) return undefined;
  for (const pointer of rule.from) {
    const found = asText(at(body, pointer), rule.html);
    if (found !== undefined) return mapped(found, rule);
  }
  return rule.otherwise;
}

/** A list, or one text with commas; `every` takes what all of the pointers lead to. */
function listOf(body: unknown, rule: FieldRule | undefined, every = false): string[] | undefined {
  if (rule === undefined) return undefined;
  const all: string[] = [];
  let isFound = false;
  for (const pointer of rule.from) {
    const found = at(body, pointer);
    if (found === undefined || found === null) continue;
    isFound = true;
    const values = Array.isArray(found) ? found : (asText(found, false) ?? "").split(",");
    for (const value of values.slice(0, 200)) {
      const text = asText(isNamed(value) ? value.name : value, false);
      if (text !== undefined) all.push(text.slice(0, 200));
    }
    if (!every) break;
  }
  return isFound ? all : undefined;
}

function isNamed(value: unknown): value is { name: unknown } {
  return typeof value === "object" && value !== null && "name" in value;
}

function mapped(value: string, { map, otherwise }: FieldRule): string {
  if (map === undefined) return value;
  const wanted = value.toLowerCase();
  for (const [theirs, ours] of Object.entries(map)) if (theirs.toLowerCase() === wanted) return ours;
  return otherwise ?? value;
}

/** Where a JSON pointer leads; only own properties count. */
function at(body: unknown, pointer: string): unknown {
  let value = body;
  for (const step of pointer.slice(1).split("/")) {
    const name = step.includes("~") ? step.replaceAll("~1", "/").replaceAll("~0", "~") : step;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Text, a number, or a document of Atlassian's; blank is as good as missing, and so is a placeholder that the desk did not fill. */
function asText(value: unknown, html: boolean): string | undefined {
  let text: string;
  if (typeof value === "string") text = html ? withoutTags(value) : value;
  else if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    text = String(value);
  else if (isDocument(value))
    text = documentText(value)
      .join("")
      .replace(/\n{3,}/g, "\n\n");
  else return undefined;
  text = text.trim();
  return text === "" || /^(?:\$[A-Za-z_{][\w.{}]*|\{\{[^{}]*\}\}|null|undefined)$/.test(text)
    ? undefined
    : text;
}

function withoutTags(value: string): string {
  try {
    return plainText(value);
  } catch {
    // Nested beyond what is read: the worker has the desk's own text, this one only says what came.
    return value.replace(/<[^<>]{0,1000}>/g, " ");
  }
}

interface DocumentNode {
  type: string;
  text?: unknown;
  content?: unknown;
}

/** https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ */
function isDocument(value: unknown): value is DocumentNode {
  return typeof value === "object" && value !== null && "type" in value && value.type === "doc";
}

const blocks = new Set(["paragraph", "heading", "listItem", "codeBlock", "blockquote", "tableRow"]);

function documentText(node: DocumentNode): string[] {
  if (typeof node.text === "string") return [node.text];
  if (node.type === "hardBreak") return ["\n"];
  const inner = Array.isArray(node.content) ? (node.content as DocumentNode[]) : [];
  const texts = inner.flatMap((child) =>
    typeof child === "object" && child !== null ? documentText(child) : [],
  );
  return blocks.has(node.type) ? [...texts, "\n"] : texts;
}

/** ISO 8601 of what desks write: ISO itself, or milliseconds since the epoch. */
function isoTime(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{11,14}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
