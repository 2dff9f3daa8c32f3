import { type Phrases, phrasesFor } from "../note/phrases.ts";
import type { GatheredContext, Note, Source, Ticket, WithoutModel } from "../ticket.ts";
import { limitWords } from "./limit-words.ts";
import { isAction, isFiller } from "./action.ts";
import { sourcesOf } from "./sources.ts";
import { likeness, rarityIn, sentencesOf, stemsOf } from "./sentences.ts";

/** Shorter than what a model may write: quotes are denser than prose, and the list of sources follows. */
const noteWords = 350;
const itemsPerSection = 5;
const stepsAtMost = 5;
const stepsPerTicket = 2;
const sentencesPerQuote = 2;
const quoteWords = 60;
/** Share of common words from which two resolutions, or two steps, say the same. */
const sameFrom = 0.7;

/** Share of the best source's score from which a source's advice is told. */
const adviceFrom = 0.4;

type Item = Note["sections"][number]["items"][number];

/**
 * Quotes what was found, most relevant first: no sentence that is not in a source, and each with its number. Resolutions
 * that say the same are told once. Deterministic: the same ticket and sources give the same note.
 */
export function writeExtractiveNote(
  ticket: Ticket,
  context: GatheredContext,
  because: WithoutModel,
  language = "en",
): Note {
  const phrases = phrasesFor(language);
  const asked = stemsOf(`${ticket.subject ?? ""}\n${ticket.description}`);
  const sources = sourcesOf(context);
  const numberOf = (source: Source) => sources.indexOf(source) + 1;
  const written = [
    similarTickets(context.tickets.slice(0, itemsPerSection), asked, phrases, numberOf),
    context.documents.slice(0, itemsPerSection).map((source) => ({
      text: joined(source.title, quote(source.excerpt)),
      sources: [numberOf(source)],
    })),
    context.systems.slice(0, itemsPerSection).map((source) => ({
      text: `${source.id === source.title ? source.id : phrases.isSystem(source.id, source.title)}${source.excerpt === "" ? "" : `: ${source.excerpt}`}`,
      sources: [numberOf(source)],
    })),
    nextSteps(asked, context, phrases, numberOf),
  ];
  const sections = written.map((items, at) => ({ title: phrases.sections[at] ?? "", items }));
  return {
    language,
    sections: limitWords(sections, noteWords),
    sources,
    writer: { kind: "extractive", because },
    missing: context.missing,
  };
}

/** Each ticket with its resolution; those that were resolved in the same way stand together. */
function similarTickets(
  tickets: readonly Source[],
  asked: ReadonlySet<string>,
  phrases: Phrases,
  numberOf: (source: Source) => number,
): Item[] {
  const groups: { sources: [Source, ...Source[]]; stems: ReadonlySet<string> }[] = [];
  for (const source of tickets) {
    const stems = stemsOf(source.excerpt);
    const same = groups.find((group) => likeness(group.stems, stems) >= sameFrom);
    if (same !== undefined) same.sources.push(source);
    else groups.push({ sources: [source], stems });
  }
  return groups.map(({ sources }) => {
    const [first] = sources;
    const ids = sources.map(({ id }) => id).join(", ");
    const resolution = resolving(first.excerpt, asked);
    return {
      text: joined(
        `${ids}: ${first.title}`,
        resolution === "" ? phrases.noResolution : `${phrases.resolved} ${resolution}`,
      ),
      sources: sources.map(numberOf),
    };
  });
}

interface Sentence {
  sentence: string;
  stems: ReadonlySet<string>;
}

interface Step extends Sentence {
  sources: [Source, ...Source[]];
}

/** What helped before, then what the documents say to do; what two sources say is told once, with both. */
function nextSteps(
  asked: ReadonlySet<string>,
  context: GatheredContext,
  phrases: Phrases,
  numberOf: (source: Source) => number,
): Item[] {
  const candidates = [...strong(context.tickets).slice(0, 3), ...strong(context.documents).slice(0, 2)];
  const perSource = candidates.map((source) => ({
    source,
    sentences: tellingSentences(source.excerpt).map((sentence) => ({ sentence, stems: stemsOf(sentence) })),
  }));
  const rarity = rarityIn(perSource.flatMap(({ sentences }) => sentences.map(({ stems }) => stems)));
  const relevance = (stems: ReadonlySet<string>) =>
    [...stems].reduce((sum, stem) => sum + (asked.has(stem) ? rarity(stem) : 0), 0);

  const steps: Step[] = [];
  for (const { source, sentences } of perSource) {
    for (const sentence of stepsIn(source.kind, sentences, relevance)) {
      const stems = stemsOf(sentence);
      const same = steps.find((step) => likeness(step.stems, stems) >= sameFrom);
      if (same === undefined) steps.push({ sentence, stems, sources: [source] });
      else if (!same.sources.includes(source)) same.sources.push(source);
    }
  }
  // What several sources say has more behind it than what one says; between equals the better match came first.
  const byEvidence = steps.toSorted((a, b) => b.sources.length - a.sources.length);
  return byEvidence.slice(0, stepsAtMost).map(({ sentence, sources }) => ({
    text: `${leadOf(sources, phrases)}: ${cutWords(sentence)}`,
    sources: sources.map(numberOf),
  }));
}

/** Advice wants more evidence than mention: sources of one kind that come near the best of them. */
function strong(sources: readonly Source[]): Source[] {
  const best = Math.max(...sources.map(({ score }) => score));
  return sources.filter(({ score }) => score >= best * adviceFrom);
}

/**
 * Of a resolution the sentences that say what was done; of a document its first instruction with the sentence before it,
 * which says when it applies. Where none says what to do, the sentence nearest to the ticket.
 */
function stepsIn(
  kind: Source["kind"],
  sentences: readonly Sentence[],
  relevance: (stems: ReadonlySet<string>) => number,
): string[] {
  const actions = sentences.filter(({ sentence }) => isAction(sentence));
  const [first] = actions;
  if (first === undefined) {
    const [nearest] = sentences.toSorted((a, b) => relevance(b.stems) - relevance(a.stems));
    return nearest === undefined ? [] : [nearest.sentence];
  }
  if (kind === "ticket") return actions.slice(0, stepsPerTicket).map(({ sentence }) => sentence);
  const at = sentences.indexOf(first);
  return [
    sentences
      .slice(Math.max(0, at - 1), at + 1)
      .map(({ sentence }) => sentence)
      .join(" "),
  ];
}

function leadOf([first, ...others]: [Source, ...Source[]], phrases: Phrases): string {
  if (first.kind === "document") return phrases.from(first.title);
  const ids = [first, ...others].filter(({ kind }) => kind === "ticket").map(({ id }) => id);
  return phrases.helpedIn(ids.join(", "));
}

/** The beginning of a passage in whole sentences: passages start where they matter. */
function quote(excerpt: string): string {
  return cutWords(sentencesOf(excerpt).slice(0, sentencesPerQuote).join(" "));
}

/** The sentences in a row that say what was done, with what they have of the ticket's words; the first of equals. */
function resolving(excerpt: string, asked: ReadonlySet<string>): string {
  const sentences = tellingSentences(excerpt);
  const worth = sentences.map((sentence) => {
    const shared = [...stemsOf(sentence)].filter((stem) => asked.has(stem)).length;
    return (isAction(sentence) ? 3 : 0) + Math.min(2, shared);
  });
  let best = 0;
  let most = -1;
  for (let at = 0; at < sentences.length; at++) {
    const sum = worth.slice(at, at + sentencesPerQuote).reduce((total, one) => total + one, 0);
    if (sum > most) [best, most] = [at, sum];
  }
  return cutWords(sentences.slice(best, best + sentencesPerQuote).join(" "));
}

/** Greetings and thanks help nobody; where there is nothing else, they stay. */
function tellingSentences(excerpt: string): string[] {
  const sentences = sentencesOf(excerpt);
  const telling = sentences.filter((sentence) => !isFiller(sentence));
  return telling.length === 0 ? sentences : telling;
}

function cutWords(text: string): string {
  const words = text.split(" ");
  return words.length <= quoteWords ? text : `${words.slice(0, quoteWords).join(" ")} …`;
}

/** Two parts with one full stop between them. */
function joined(head: string, tail: string): string {
  return tail === "" ? head : `${head.replace(/[.\s]+$/, "")}. ${tail}`;
}
