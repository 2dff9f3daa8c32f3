import { ThroughlineError } from "@throughline/api";
import { z } from "zod";
import type { GatheredContext, Note, Source } from "../ticket.ts";

export const sectionTitles = [
  "Similar Tickets",
  "Relevant Documentation",
  "System Information",
  "Recommended Next Steps",
] as const;
const wordLimit = 500;

const item = z.object({ text: z.string().max(4_000), sources: z.array(z.number()) });
const modelNote = z.object({
  similar_tickets: z.array(item),
  relevant_documentation: z.array(item),
  system_information: z.array(item),
  recommended_next_steps: z.array(item),
});
const keys = [
  "similar_tickets",
  "relevant_documentation",
  "system_information",
  "recommended_next_steps",
] as const;

const itemsJsonSchema = {
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["text", "sources"],
    properties: { text: { type: "string" }, sources: { type: "array", items: { type: "integer" } } },
  },
} as const;

/** The same form for servers that take `response_format: json_schema`. */
export const noteJsonSchema = {
  name: "note",
  strict: true,
  schema: {
    type: "object",
    additionalProperties: false,
    required: keys,
    properties: Object.fromEntries(keys.map((key) => [key, itemsJsonSchema])),
  },
};

/** All that may be cited, in the order of its numbers. */
export function sourcesOf(context: GatheredContext): Source[] {
  return [...context.tickets, ...context.documents, ...context.systems];
}

/**
 * Reads a model's answer. An item that cites nothing, or anything that was not retrieved, is removed and counted.
 * Throws TL_LLM_FAILED where nothing usable is left of an answer that had sources to work with.
 */
export function readModelNote(
  text: string,
  context: GatheredContext,
  model: string,
): { note: Note; claimsRemoved: number } {
  const sources = sourcesOf(context);
  const parsed = modelNote.safeParse(parseJson(text));
  if (!parsed.success)
    throw new ThroughlineError(
      "TL_LLM_FAILED",
      "The model's answer does not have the form that was asked for.",
    );
  let claimsRemoved = 0;
  let words = 0;
  const sections = keys.map((key, at) => ({
    title: sectionTitles[at] ?? key,
    items: parsed.data[key].flatMap(({ text: raw, sources: cited }) => {
      const clean = plainText(raw);
      const isCited =
        cited.length > 0 &&
        cited.every((number) => Number.isInteger(number) && number >= 1 && number <= sources.length);
      words += clean.split(/\s+/).length;
      if (clean === "" || !isCited || words > wordLimit) {
        claimsRemoved++;
        return [];
      }
      return [{ text: clean, sources: [...new Set(cited)] }];
    }),
  }));
  if (sources.length > 0 && sections.every(({ items }) => items.length === 0)) {
    throw new ThroughlineError("TL_LLM_FAILED", "Nothing in the model's answer cites what was retrieved.");
  }
  return {
    note: { sections, sources, writer: { kind: "model", model }, missing: context.missing },
    claimsRemoved,
  };
}

function parseJson(text: string): unknown {
  try {
    // Some servers wrap JSON in a fence even when asked not to.
    return JSON.parse(text.replace(/^\s*```(?:json)?\s*/i, "").replace(/\s*```\s*$/, "")) as unknown;
  } catch {
    return undefined;
  }
}

/** Notes are plain sentences: markup and the bracketed numbers, which are drawn from `sources`, are taken out. */
function plainText(text: string): string {
  return text
    .replace(/<[^<>]{0,500}>/g, " ")
    .replace(/\[\d+(?:\s*,\s*\d+)*\]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
