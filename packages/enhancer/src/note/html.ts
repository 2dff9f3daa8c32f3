import type { ContextPart, Note, Source } from "../ticket.ts";
import { type Phrases, phrasesFor } from "./phrases.ts";
import { fillTemplate } from "./template.ts";

export interface NoteMeta {
  traceId: string;
  /** Idempotency key, looked up before a note is written a second time; visible, since desks strip comments. */
  marker: string;
  /** Link to the trace in the console, where it is known how people reach it. */
  traceUrl?: string;
  /** Signed link to the page that takes thumbs up or down, where people can reach it. */
  feedbackUrl?: string;
  /** Whether the requester sees it. */
  isPublic?: boolean;
  /** The tenant's own form of notes, between label and footer. */
  template?: string;
}

/** Desks cut longer notes, or refuse them. */
const sizeLimitBytes = 20_000;

/** How much of a note is shown; each next step is tried only where the one before is over the size limit. */
interface Measure {
  items: number;
  citations: number;
  text: number;
  title: number;
}
const measures: readonly [Measure, ...Measure[]] = [
  { items: 10, citations: 10, text: 1_500, title: 200 },
  { items: 8, citations: 5, text: 600, title: 120 },
  { items: 5, citations: 3, text: 200, title: 80 },
  { items: 2, citations: 2, text: 80, title: 40 },
];

/**
 * The note as HTML for a desk, at most 20 kB: only p, h4, ul, ol, li, b, i, small, br and a. Everything from outside is
 * escaped. Citations are numbered by the list of sources below them, which holds those that are cited and no others.
 */
export function renderNoteHtml(note: Note, meta: NoteMeta): string {
  let html = "";
  // A template that leaves no room for the note itself is not used.
  for (const template of meta.template === undefined ? [undefined] : [meta.template, undefined]) {
    for (const measure of measures) {
      html = render(note, meta, measure, template);
      if (Buffer.byteLength(html) <= sizeLimitBytes) return html;
    }
  }
  return html;
}

function render(note: Note, meta: NoteMeta, measure: Measure, template: string | undefined): string {
  const shown = note.sections.map(({ title, items }) => ({
    title,
    items: items.slice(0, measure.items).map(({ text, sources }) => ({
      text,
      sources: sources.filter((number) => note.sources[number - 1] !== undefined).slice(0, measure.citations),
    })),
  }));
  const cited = [...new Set(shown.flatMap(({ items }) => items.flatMap(({ sources }) => sources)))];
  const phrases = phrasesFor(note.language);
  const sections = shown.map(({ title, items }, at) => {
    const rows = items.map(({ text, sources }) => {
      const numbers = sources.map((number) => `[${cited.indexOf(number) + 1}]`).join("");
      return `<li>${shorten(text, measure.text)} ${numbers}</li>`;
    });
    const body = rows.length === 0 ? `<p>${emptyLine(at, note, phrases)}</p>` : `<ul>${rows.join("")}</ul>`;
    return `<h4>${shorten(title, measure.title)}</h4>${body}`;
  });
  const sources = cited.flatMap((number) => note.sources[number - 1] ?? []);
  const label = phrases.label(meta.isPublic === true ? "public" : "private");
  const writer = `<i>${writerLine(note, phrases)}</i>${evidenceHtml(sources, shown, phrases)}`;
  const sourceList = sourcesHtml(sources, note.sources.length - sources.length, measure, phrases);
  const missing = missingHtml(note.missing, measure, phrases);
  const footer = footerHtml(meta, phrases);
  const [tickets = "", documents = "", systems = "", steps = ""] = sections;
  const body =
    template === undefined
      ? [`<p>${label}<br>`, `${writer}</p>`, ...sections, sourceList, missing]
      : [
          `<p>${label}</p>`,
          fillTemplate(template, {
            writer: `<p>${writer}</p>`,
            similar_tickets: tickets,
            relevant_documentation: documents,
            system_information: systems,
            recommended_next_steps: steps,
            sources: sourceList,
            missing,
          }),
        ];
  return [...body, footer].filter((part) => part !== "").join("\n");
}

function writerLine({ writer, sources }: Note, phrases: Phrases): string {
  const nothing = sources.length === 0;
  if (writer.kind === "model") {
    const model = shorten(writer.model, 100);
    return nothing ? phrases.modelFoundNothing(model) : phrases.byModel(model);
  }
  return `${phrases.noModel[writer.because]} ${nothing ? phrases.nothingQuoted : phrases.quoted}`;
}

/**
 * How much stands behind the note, by what was found and not by what a model thinks of itself: strong where several tickets ended
 * the same way, or where three sources of two kinds are cited.
 */
function evidenceHtml(sources: readonly Source[], sections: Note["sections"], phrases: Phrases): string {
  if (sources.length === 0) return "";
  const agree = sections[0]?.items.some((item) => item.sources.length > 1) === true;
  const kinds = new Set(sources.map(({ kind }) => kind)).size;
  const isStrong = agree || (sources.length >= 3 && kinds >= 2);
  const level = isStrong ? "strong" : sources.length > 1 ? "some" : "weak";
  return `<br><small>${phrases.evidence(sources.length, level)}</small>`;
}

/** What each section is made of. */
const origins: readonly { part: ContextPart; kind: Source["kind"] }[] = [
  { part: "ticket_history", kind: "ticket" },
  { part: "documentation", kind: "document" },
  { part: "ip_lookup", kind: "system" },
];

/** An empty section says whether there was nothing, nothing usable, or no complete search. */
function emptyLine(section: number, note: Note, phrases: Phrases): string {
  const origin = origins[section];
  if (origin === undefined) return phrases.noSteps;
  if (note.missing.some(({ part }) => part === origin.part)) return phrases.notSearched;
  return note.sources.some(({ kind }) => kind === origin.kind) ? phrases.notUsed : phrases.none[origin.kind];
}

function sourcesHtml(
  sources: readonly Source[],
  unused: number,
  { title: limit }: Measure,
  phrases: Phrases,
): string {
  const rows = sources.map(
    ({ kind, id, title, why }) =>
      `<li>${phrases.kinds[kind]} ${shorten(id, 2 * limit)}${title === id ? "" : `: ${shorten(title, limit)}`} <small>(${shorten(why, limit)})</small></li>`,
  );
  const list = rows.length === 0 ? "" : `<h4>${phrases.sources}</h4><ol>${rows.join("")}</ol>`;
  return unused === 0 ? list : `${list}<p><small>${phrases.unused(unused)}</small></p>`;
}

function missingHtml(missing: Note["missing"], { title: limit }: Measure, phrases: Phrases): string {
  if (missing.length === 0) return "";
  const rows = missing.map(
    ({ part, reason }) => `<li>${phrases.parts[part]}: ${shorten(reason, limit)}</li>`,
  );
  return `<p>${phrases.incomplete}</p><ul>${rows.join("")}</ul>`;
}

function footerHtml({ traceId, marker, traceUrl, feedbackUrl }: NoteMeta, phrases: Phrases): string {
  const trace = linkOr(traceUrl, escape(traceId));
  const feedback = feedbackUrl === undefined ? "" : `${linkOr(feedbackUrl, phrases.helpful)}<br>`;
  return `<p><small>${feedback}${phrases.trace} ${trace}<br>ref: ${escape(marker)}</small></p>`;
}

/** `html` as a link, where the address is one of the web. */
function linkOr(url: string | undefined, html: string): string {
  return url !== undefined && /^https?:\/\//i.test(url) ? `<a href="${escape(url)}">${html}</a>` : html;
}

/** Signs that nobody sees, or that turn what stands beside them; joiners, which scripts and emoji need, are none. */
const invisible = /(?!\u200C|\u200D|\uFE0E|\uFE0F)\p{Default_Ignorable_Code_Point}/gu;

/**
 * Text from outside, cut and escaped. Control characters and what nobody sees go, and bracketed numbers, in whatever brackets, become
 * round ones: only our own citations look like citations.
 */
function shorten(text: string, limit: number): string {
  const clean = text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, " ")
    .replace(invisible, "")
    .replace(/[[［【〔⟦](\p{N}+)[\]］】〕⟧]/gu, "($1)")
    .trim();
  return escape(
    clean.length <= limit ? clean : `${clean.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`,
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
