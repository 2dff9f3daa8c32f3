import { ThroughlineError } from "@throughline/api";
import { z } from "zod";
import type { GatheredContext, Note, Source } from "../ticket.ts";
import { limitWords, wordLimit } from "./limit-words.ts";

export const sectionTitles = [
  "Similar Tickets",
  "Relevant Documentation",
  "System Information",
  "Recommended Next Steps",
] as const;

const keys = [
  "similar_tickets",
  "relevant_documentation",
  "system_information",
  "recommended_next_steps",
] as const;
const itemsPerSection = 10;

/** Servers that were only asked for JSON write `"2"` for 2. */
const sourceNumber = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number),
]);
const modelItem = z.object({ text: z.string().max(4_000), sources: z.array(sourceNumber).max(100) });
const entries = z.array(z.unknown()).max(200).optional();
const modelNote = z
  .object({
    similar_tickets: entries,
    relevant_documentation: entries,
    system_information: entries,
    recommended_next_steps: entries,
  })
  .refine((note) => keys.some((key) => note[key] !== undefined));

const itemJsonSchema = {
  type: "object",
  additionalProperties: false,
  required: ["text", "sources"],
  properties: { text: { type: "string" }, sources: { type: "array", items: { type: "integer" } } },
};

/** The form of an answer for servers that take `response_format: json_schema`. */
export const noteJsonSchema = {
  name: "note",
  strict: true,
  schema: {
    type: "object",
    additionalProperties: false,
    required: keys,
    properties: Object.fromEntries(keys.map((key) => [key, { type: "array", items: itemJsonSchema }])),
  },
};

/** All that may be cited, in the order of its numbers. */
export function sourcesOf(context: GatheredContext): Source[] {
  return [...context.tickets, ...context.documents, ...context.systems];
}

/**
 * Reads a model's answer. An item that cites nothing or anything that was not retrieved, that holds a link which stands
 * in no source, or that has not the form asked for, is removed and counted. Throws TL_LLM_FAILED where the whole is no such JSON.
 */
export function readModelNote(
  text: string,
  context: GatheredContext,
  model: string,
): { note: Note; claimsRemoved: number } {
  const sources = sourcesOf(context);
  const parsed = modelNote.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ThroughlineError(
      "TL_LLM_FAILED",
      "The model's answer does not have the form that was asked for.",
    );
  }
  const written = keys.flatMap((key) => parsed.data[key] ?? []).length;
  const sections = keys.map((key, at) => ({
    title: sectionTitles[at] ?? key,
    items: (parsed.data[key] ?? []).flatMap((entry) => {
      const item = supportedItem(entry, sources);
      return item === undefined ? [] : [item];
    }),
  }));
  const supported = sections.flatMap(({ items }) => items).length;
  const short = sections.map(({ title, items }) => ({ title, items: items.slice(0, itemsPerSection) }));
  return {
    note: {
      sections: limitWords(short, wordLimit),
      sources,
      writer: { kind: "model", model },
      missing: context.missing,
    },
    claimsRemoved: written - supported,
  };
}

function supportedItem(
  entry: unknown,
  sources: readonly Source[],
): { text: string; sources: number[] } | undefined {
  const parsed = modelItem.safeParse(entry);
  if (!parsed.success) return undefined;
  const text = plainText(parsed.data.text);
  const cited = [...new Set(parsed.data.sources)];
  const areRetrieved = cited.every(
    (number) => Number.isInteger(number) && number >= 1 && number <= sources.length,
  );
  if (text === "" || cited.length === 0 || !areRetrieved || holdsForeignLink(text, sources)) return undefined;
  return { text, sources: cited };
}

/** A link that no source holds was made up, or was smuggled in by the ticket. */
function holdsForeignLink(text: string, sources: readonly Source[]): boolean {
  const links = text.match(/(?:\b[a-z][a-z0-9+.-]{1,20}:\/\/|\bwww\.)[^\s<>"'()[\]]+/gi) ?? [];
  return links.some((link) => {
    const bare = link.replace(/[.,;:!?]+$/, "");
    return !sources.some(({ title, excerpt }) => title.includes(bare) || excerpt.includes(bare));
  });
}

function parseJson(text: string): unknown {
  // Some servers wrap JSON in a fence, or put the model's thinking before it, even when asked for JSON alone.
  const json = text
    .replace(/^\s*<think>[\s\S]*?<\/think>/, "")
    .replace(/^\s*```(?:json)?\s*/i, "")
    .replace(/\s*```\s*$/, "");
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

const htmlTag =
  /<\/?(?:a|abbr|audio|b|base|blockquote|body|br|button|center|code|div|em|embed|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|li|link|math|meta|object|ol|p|pre|s|script|select|small|source|span|strong|style|sub|sup|svg|table|tbody|td|textarea|th|thead|title|tr|u|ul|video)\b[^<>]{0,2000}>|<!--|-->/gi;

/** `[1]`, `[2, 3]`, and several of them in a row. */
const citations = / ?\[\d{1,3}(?:, ?\d{1,3})*\](?:(?:,? ?| and )\[\d{1,3}(?:, ?\d{1,3})*\])*/g;

/** Notes are plain sentences: HTML (not `<host>` or `< 5 ms`) and the bracketed numbers, which are drawn from `sources`, go. */
function plainText(text: string): string {
  return text.replace(htmlTag, " ").replace(/\s+/g, " ").replace(citations, "").trim();
}
