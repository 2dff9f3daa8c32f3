import type { GatheredContext, Note, Source, Ticket } from "../ticket.ts";
import { sectionTitles, sourcesOf } from "./note-schema.ts";

const wordLimit = 500;
const itemsPerSection = 5;
const stepsAtMost = 5;
/** Share of common words from which two sentences say the same. */
const sameFrom = 0.7;

type Item = Note["sections"][number]["items"][number];

/** Quotes what was found, most relevant first: no sentence that is not in a source, and each with its number. Deterministic. */
export function writeExtractiveNote(
  ticket: Ticket,
  context: GatheredContext,
  because: "no model is configured" | "the model failed",
): Note {
  const sources = sourcesOf(context);
  const numberOf = (source: Source) => sources.indexOf(source) + 1;
  const ticketWords = wordsOf(ticket.description);
  const quote = (source: Source, sentences: number) =>
    bestSentences(source.excerpt, ticketWords, sentences).join(" ");

  const similar = context.tickets.slice(0, itemsPerSection).map((source) => ({
    text: `${source.id}: ${source.title}. Resolved: ${quote(source, 2)}`,
    sources: [numberOf(source)],
  }));
  const documentation = context.documents.slice(0, itemsPerSection).map((source) => ({
    text: `${source.title}: ${quote(source, 2)}`,
    sources: [numberOf(source)],
  }));
  const systems = context.systems.slice(0, itemsPerSection).map((source) => ({
    text: `${source.id}: ${source.title}. ${source.excerpt}`,
    sources: [numberOf(source)],
  }));
  const sections = [similar, documentation, systems, nextSteps(context, ticketWords, numberOf)].map(
    (items, at) => ({
      title: sectionTitles[at] ?? "",
      items,
    }),
  );
  return {
    sections: withinLimit(sections),
    sources,
    writer: { kind: "extractive", because },
    missing: context.missing,
  };
}

/** What helped before or what the handbook says to do: sentences of the best sources, merged where they say the same. */
function nextSteps(
  context: GatheredContext,
  ticketWords: ReadonlySet<string>,
  numberOf: (source: Source) => number,
): Item[] {
  const steps: (Item & { words: ReadonlySet<string> })[] = [];
  const best = [
    ...context.tickets.slice(0, 2),
    ...context.documents.slice(0, 2),
    ...context.tickets.slice(2, 3),
  ];
  for (const source of best) {
    const [sentence] = bestSentences(source.excerpt, ticketWords, 1);
    if (sentence === undefined) continue;
    const words = wordsOf(sentence);
    const same = steps.find((step) => overlap(step.words, words) >= sameFrom);
    if (same !== undefined) same.sources.push(numberOf(source));
    else {
      const lead = source.kind === "ticket" ? "As in" : "See";
      steps.push({
        text: `${lead} ${source.kind === "ticket" ? source.id : source.title}: ${sentence}`,
        sources: [numberOf(source)],
        words,
      });
    }
  }
  return steps.slice(0, stepsAtMost).map(({ text, sources }) => ({ text, sources }));
}

/** The sentences that share most words with the ticket, in their own order; the first ones where none does. */
function bestSentences(text: string, ticketWords: ReadonlySet<string>, count: number): string[] {
  const sentences = text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
  const scored = sentences.map((sentence, at) => ({
    sentence,
    at,
    score: sharedWords(wordsOf(sentence), ticketWords),
  }));
  return scored
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence);
}

function withinLimit(sections: Note["sections"]): Note["sections"] {
  let words = 0;
  return sections.map(({ title, items }) => ({
    title,
    items: items.filter(({ text }) => {
      const more = text.split(/\s+/).length;
      if (words + more > wordLimit) return false;
      words += more;
      return true;
    }),
  }));
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []);
}

function sharedWords(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return sharedWords(a, b) / Math.max(1, Math.min(a.size, b.size));
}
