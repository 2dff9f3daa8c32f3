import type { ContextPart, Note, Source } from "../ticket.ts";

export interface NoteMeta {
  traceId: string;
  /** Idempotency key, looked up before a note is written a second time; visible, since desks strip comments. */
  marker: string;
  /** Link to the trace in the console, where it is known how people reach it. */
  traceUrl?: string;
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
  for (const measure of measures) {
    html = render(note, meta, measure);
    if (Buffer.byteLength(html) <= sizeLimitBytes) break;
  }
  return html;
}

function render(note: Note, meta: NoteMeta, measure: Measure): string {
  const shown = note.sections.map(({ title, items }) => ({
    title,
    items: items.slice(0, measure.items).map(({ text, sources }) => ({
      text,
      sources: sources.filter((number) => note.sources[number - 1] !== undefined).slice(0, measure.citations),
    })),
  }));
  const cited = [...new Set(shown.flatMap(({ items }) => items.flatMap(({ sources }) => sources)))];
  const sections = shown.map(({ title, items }) => {
    const rows = items.map(({ text, sources }) => {
      const numbers = sources.map((number) => `[${cited.indexOf(number) + 1}]`).join("");
      return `<li>${shorten(text, measure.text)} ${numbers}</li>`;
    });
    const body = rows.length === 0 ? `<p>${emptyLine(title, note)}</p>` : `<ul>${rows.join("")}</ul>`;
    return `<h4>${shorten(title, measure.title)}</h4>${body}`;
  });
  const sources = cited.flatMap((number) => note.sources[number - 1] ?? []);
  return [
    "<p><b>Automatic note by Throughline</b> (private)<br>",
    `<i>${writerLine(note)}</i></p>`,
    ...sections,
    sourcesHtml(sources, note.sources.length - sources.length, measure),
    missingHtml(note.missing, measure),
    footerHtml(meta),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function writerLine({ writer, sources }: Note): string {
  const nothing = sources.length === 0;
  if (writer.kind === "model") {
    const model = shorten(writer.model, 100);
    return nothing
      ? `The model ${model} was asked, but nothing was found that a note could be based on.`
      : `Written by the model ${model} from the sources below. Check them before you act.`;
  }
  const why =
    writer.because === "the model failed"
      ? "No model was used: the configured model failed."
      : "No model was used.";
  return nothing
    ? `${why} Nothing was found that could be quoted.`
    : `${why} What follows is quoted from the sources below.`;
}

/** What each section is made of, and how it says that there was none. */
const origins: Readonly<Record<string, { part: ContextPart; kind: Source["kind"]; none: string }>> = {
  "Similar Tickets": {
    part: "ticket_history",
    kind: "ticket",
    none: "Nothing was found: no resolved ticket is similar to this one.",
  },
  "Relevant Documentation": {
    part: "documentation",
    kind: "document",
    none: "Nothing was found: no document matches this ticket.",
  },
  "System Information": {
    part: "ip_lookup",
    kind: "system",
    none: "Nothing was found: the ticket names no address that the inventory knows.",
  },
};

/** An empty section says whether there was nothing, nothing usable, or no complete search. */
function emptyLine(title: string, note: Note): string {
  const origin = origins[title];
  if (origin === undefined) return "Nothing was found that a next step could be based on.";
  if (note.missing.some(({ part }) => part === origin.part)) return "Not searched to the end, see below.";
  if (note.sources.some(({ kind }) => kind === origin.kind)) return "What was found was not used.";
  return origin.none;
}

const kinds: Readonly<Record<Source["kind"], string>> = {
  ticket: "Ticket",
  document: "Document",
  system: "System",
};

function sourcesHtml(sources: readonly Source[], unused: number, { title: limit }: Measure): string {
  const rows = sources.map(
    ({ kind, id, title, why }) =>
      `<li>${kinds[kind]} ${shorten(id, 2 * limit)}: ${shorten(title, limit)} <small>(${shorten(why, limit)})</small></li>`,
  );
  const list = rows.length === 0 ? "" : `<h4>Sources</h4><ol>${rows.join("")}</ol>`;
  return unused === 0 ? list : `${list}<p><small>Found and not used: ${unused}</small></p>`;
}

const partNames: Readonly<Record<ContextPart, string>> = {
  ticket_history: "ticket history",
  documentation: "documentation",
  ip_lookup: "inventory",
};

function missingHtml(missing: Note["missing"], { title: limit }: Measure): string {
  if (missing.length === 0) return "";
  const rows = missing.map(({ part, reason }) => `<li>${partNames[part]}: ${shorten(reason, limit)}</li>`);
  return `<p>This note is incomplete:</p><ul>${rows.join("")}</ul>`;
}

function footerHtml({ traceId, marker, traceUrl }: NoteMeta): string {
  const isLink = traceUrl !== undefined && /^https?:\/\//i.test(traceUrl);
  const trace = isLink ? `<a href="${escape(traceUrl)}">${escape(traceId)}</a>` : escape(traceId);
  return `<p><small>trace ${trace}<br>ref: ${escape(marker)}</small></p>`;
}

/**
 * Text from outside, cut and escaped. Control and direction characters go, and bracketed numbers become round ones:
 * only our own citations look like citations.
 */
function shorten(text: string, limit: number): string {
  const clean = text
    .toWellFormed()
    .replace(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, " ")
    .replace(/\[(\d+)\]/g, "($1)")
    .trim();
  return escape(
    clean.length <= limit ? clean : `${clean.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`,
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
