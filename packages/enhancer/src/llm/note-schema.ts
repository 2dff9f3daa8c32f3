import { z } from "zod";
import { canTell, languageOf, primaryOf } from "../note/language.ts";
import { phrasesFor } from "../note/phrases.ts";
import type { GatheredContext, Note, Source, Ticket } from "../ticket.ts";
import { claimChecker, type Removal, repeatsSecret } from "./claims.ts";
import { limitWords, wordLimit } from "./limit-words.ts";
import { ModelError } from "./model-error.ts";
import type { Prompt } from "./prompt.ts";
import { sourcesOf } from "./sources.ts";

type Item = Note["sections"][number]["items"][number];

const keys = [
  "similar_tickets",
  "relevant_documentation",
  "system_information",
  "recommended_next_steps",
] as const;
const itemsPerSection = 10;

/** Models whose servers were only asked for JSON write `"2"` or `"[2]"` for 2, and one number without its list. */
const sourceNumber = z.union([
  z.number(),
  z
    .string()
    .regex(/^(?:\d{1,3}|\[\d{1,3}\])$/)
    .transform((text) => Number(text.replace(/[[\]]/g, ""))),
]);
const modelItem = z.object({
  text: z.string().max(4_000),
  sources: z.union([z.array(sourceNumber).max(100), sourceNumber.transform((number) => [number])]),
});
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

export interface ReadNote {
  note: Note;
  /** Claims that are not told, by why. */
  removed: Partial<Record<Removal, number>>;
}

/**
 * Reads a model's answer. A claim that cites nothing or anything that was not retrieved, that leads elsewhere, that repeats the
 * instructions, that is not about what it cites, or that has not the form asked for, is removed and counted. Throws TL_LLM_FAILED
 * where the whole is no such JSON, repeats what only the prompt holds, or is in another language than was asked for.
 */
export function readModelNote(
  text: string,
  context: GatheredContext,
  model: string,
  { ticket, prompt, language }: { ticket: Ticket; prompt: Prompt; language: string },
): ReadNote {
  const sources = sourcesOf(context);
  if (repeatsSecret(text, prompt.secrets))
    throw new ModelError("The model's answer repeats its instructions.");
  const parsed = modelNote.safeParse(parseJson(text));
  if (!parsed.success) throw new ModelError("The model's answer does not have the form that was asked for.");
  const check = claimChecker({
    ticket,
    sources,
    instructions: prompt.system,
    secrets: prompt.secrets,
    sharesLanguage: sharesLanguage(language, sources),
  });
  const removed: ReadNote["removed"] = {};
  const headings = phrasesFor(language).sections;
  const sections = keys.map((key, at) => ({
    title: headings[at] ?? key,
    items: (parsed.data[key] ?? []).flatMap((entry) => {
      const item = supportedItem(entry, sources, check);
      if (typeof item !== "string") return [item];
      removed[item] = (removed[item] ?? 0) + 1;
      return [];
    }),
  }));
  refuseLanguage(sections, language);
  const short = sections.map(({ title, items }) => ({ title, items: items.slice(0, itemsPerSection) }));
  const note: Note = {
    language,
    sections: limitWords(short, wordLimit),
    sources,
    writer: { kind: "model", model },
    missing: context.missing,
  };
  return { note, removed };
}

function supportedItem(
  entry: unknown,
  sources: readonly Source[],
  check: (text: string, cited: readonly number[]) => Removal | undefined,
): Item | Removal {
  const parsed = modelItem.safeParse(entry);
  if (!parsed.success) return "malformed";
  const text = plainText(parsed.data.text);
  const cited = [...new Set(parsed.data.sources)];
  const areRetrieved = cited.every(
    (number) => Number.isInteger(number) && number >= 1 && number <= sources.length,
  );
  if (text === "") return "malformed";
  if (cited.length === 0 || !areRetrieved) return "uncited";
  return check(text, cited) ?? { text, sources: cited };
}

/** Judged by what is told: a language that does not show is let pass. */
function refuseLanguage(sections: Note["sections"], language: string): void {
  const told = sections.flatMap(({ items }) => items.map(({ text }) => text)).join("\n");
  const found = languageOf(told);
  if (found !== undefined && found !== primaryOf(language) && canTell(language))
    throw new ModelError(`The model wrote in another language (${found}) than was asked for (${language}).`);
}

function sharesLanguage(language: string, sources: readonly Source[]): boolean {
  const found = languageOf(sources.map(({ title, excerpt }) => `${title} ${excerpt}`).join("\n"));
  return found === undefined || found === primaryOf(language);
}

function parseJson(text: string): unknown {
  // Some models put a fence or a sentence around the JSON, or their thinking before it, even when asked for JSON alone.
  const answer = text.replace(/^\s*<think>[\s\S]*?<\/think>/, "");
  const beginning = answer.indexOf("{");
  const end = answer.lastIndexOf("}");
  try {
    return JSON.parse(answer.slice(beginning, end + 1)) as unknown;
  } catch {
    return undefined;
  }
}

const htmlTag =
  /<\/?(?:a|abbr|audio|b|base|blockquote|body|br|button|center|code|div|em|embed|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|li|link|math|meta|object|ol|p|pre|s|script|select|small|source|span|strong|style|sub|sup|svg|table|tbody|td|textarea|th|thead|title|tr|u|ul|video)\b[^<>]{0,2000}>|<!--|-->/gi;

/** `[1]`, `[2, 3]`, and several of them in a row. */
const citations = / ?\[\d{1,3}(?:, ?\d{1,3})*\](?:(?:,? ?| and )\[\d{1,3}(?:, ?\d{1,3})*\])*/g;

/** `【1】`, `【3:0†source】`: as some models cite. */
const lenticular = / ?【[^【】]{0,60}】/g;

/** Notes are plain sentences: HTML (not `<host>` or `< 5 ms`) and the bracketed numbers, which are drawn from `sources`, go. */
function plainText(text: string): string {
  return text
    .replace(htmlTag, " ")
    .replace(/\s+/g, " ")
    .replace(citations, "")
    .replace(lenticular, "")
    .replaceAll("**", "")
    .trim();
}
