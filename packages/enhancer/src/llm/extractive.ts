import type { GatheredContext, Note, Source, Ticket } from "../ticket.ts";
import { limitWords } from "./limit-words.ts";
import { sectionTitles, sourcesOf } from "./note-schema.ts";
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

/** Sentences that say what to do or what was done; other languages fall back on the words of the ticket. */
const action =
  /^(?:\d+[.)] )?(?:(?:first|then|next|please|finally|also|we|i),? )?(?:(?!need|speed|feed)\p{L}{2,}ed|set|put|ran|rebuilt|reset|took|told|sent|made|gave|wrote|built|add|apply|ask|assign|call|change|check|clear|close|configure|connect|create|delete|disable|disconnect|edit|empty|enable|enter|install|limit|log|move|open|press|print|pull|reboot|reconnect|rebuild|reinstall|reload|remove|rename|renew|repair|replace|restart|restore|run|select|start|stop|switch|tell|try|turn|uninstall|unlock|unplug|update|upgrade|use|verify|wait) /iu;

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
  because: "no model is configured" | "the model failed",
): Note {
  const sources = sourcesOf(context);
  const numberOf = (source: Source) => sources.indexOf(source) + 1;
  const written = [
    similarTickets(context.tickets.slice(0, itemsPerSection), numberOf),
    context.documents.slice(0, itemsPerSection).map((source) => ({
      text: joined(source.title, quote(source.excerpt)),
      sources: [numberOf(source)],
    })),
    context.systems.slice(0, itemsPerSection).map((source) => ({
      text: `${source.id} is ${source.title}${source.excerpt === "" ? "" : `: ${source.excerpt}`}`,
      sources: [numberOf(source)],
    })),
    nextSteps(ticket, context, numberOf),
  ];
  const sections = written.map((items, at) => ({ title: sectionTitles[at] ?? "", items }));
  return {
    sections: limitWords(sections, noteWords),
    sources,
    writer: { kind: "extractive", because },
    missing: context.missing,
  };
}

/** Each ticket with its resolution; those that were resolved in the same way stand together. */
function similarTickets(tickets: readonly Source[], numberOf: (source: Source) => number): Item[] {
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
    const resolution = quote(first.excerpt);
    return {
      text: joined(
        `${ids}: ${first.title}`,
        resolution === "" ? "No resolution is recorded." : `Resolved: ${resolution}`,
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
function nextSteps(ticket: Ticket, context: GatheredContext, numberOf: (source: Source) => number): Item[] {
  const candidates = [...strong(context.tickets).slice(0, 3), ...strong(context.documents).slice(0, 2)];
  const perSource = candidates.map((source) => ({
    source,
    sentences: sentencesOf(source.excerpt).map((sentence) => ({ sentence, stems: stemsOf(sentence) })),
  }));
  const rarity = rarityIn(perSource.flatMap(({ sentences }) => sentences.map(({ stems }) => stems)));
  const asked = stemsOf(ticket.description);
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
  return steps.slice(0, stepsAtMost).map(({ sentence, sources }) => ({
    text: `${leadOf(sources)}: ${cutWords(sentence)}`,
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
  const actions = sentences.filter(({ sentence }) => action.test(sentence));
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

function leadOf([first, ...others]: [Source, ...Source[]]): string {
  if (first.kind === "document") return `From ${first.title}`;
  const ids = [first, ...others].filter(({ kind }) => kind === "ticket").map(({ id }) => id);
  return `What helped in ${ids.join(", ")}`;
}

/** The beginning of an excerpt in whole sentences: excerpts start where they matter. */
function quote(excerpt: string): string {
  return cutWords(sentencesOf(excerpt).slice(0, sentencesPerQuote).join(" "));
}

function cutWords(text: string): string {
  const words = text.split(" ");
  return words.length <= quoteWords ? text : `${words.slice(0, quoteWords).join(" ")} …`;
}

/** Two parts with one full stop between them. */
function joined(head: string, tail: string): string {
  return tail === "" ? head : `${head.replace(/[.\s]+$/, "")}. ${tail}`;
}
