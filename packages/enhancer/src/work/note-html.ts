import type { Note, Source } from "../ticket.ts";

export interface NoteMeta {
  traceId: string;
  /** Idempotency key, looked up before a note is written a second time; visible, since desks strip comments. */
  marker: string;
  /** Link to the trace in the console, where it is known how people reach it. */
  traceUrl?: string;
}

const titleLimit = 200;
const textLimit = 1_500;
const kinds = { ticket: "Ticket", document: "Document", system: "System" } as const;

/** The note as HTML for a desk: only p, h4, ul, ol, li, b, i, small, br and a; everything from outside is escaped. */
export function renderNoteHtml(note: Note, meta: NoteMeta): string {
  return [
    "<p><b>Automatic note by Throughline</b> (private)<br>",
    `<i>${writerLine(note.writer)}</i></p>`,
    ...note.sections.map(sectionHtml),
    sourcesHtml(note.sources),
    missingHtml(note.missing),
    footerHtml(meta),
  ].join("\n");
}

function writerLine(writer: Note["writer"]): string {
  if (writer.kind === "model") return `Written by the model ${escape(writer.model)} from the sources below.`;
  return writer.because === "the model failed"
    ? "No model was used: the configured model failed. What follows is quoted from the sources below."
    : "No model was used. What follows is quoted from the sources below.";
}

function sectionHtml({ title, items }: Note["sections"][number]): string {
  const body =
    items.length === 0
      ? "<p>Nothing was found.</p>"
      : `<ul>${items.map(({ text, sources }) => `<li>${escape(cut(text, textLimit))} ${sources.map((number) => `[${number}]`).join("")}</li>`).join("")}</ul>`;
  return `<h4>${escape(title)}</h4>${body}`;
}

function sourcesHtml(sources: readonly Source[]): string {
  if (sources.length === 0) return "";
  const rows = sources.map(
    ({ kind, id, title, why }) =>
      `<li>${kinds[kind]} ${escape(id)}: ${escape(cut(title, titleLimit))} <small>(${escape(cut(why, titleLimit))})</small></li>`,
  );
  return `<h4>Sources</h4><ol>${rows.join("")}</ol>`;
}

function missingHtml(missing: Note["missing"]): string {
  if (missing.length === 0) return "";
  const rows = missing.map(
    ({ part, reason }) => `<li>${escape(part.replaceAll("_", " "))}: ${escape(cut(reason, titleLimit))}</li>`,
  );
  return `<p>This note is incomplete:</p><ul>${rows.join("")}</ul>`;
}

function footerHtml({ traceId, marker, traceUrl }: NoteMeta): string {
  const trace =
    traceUrl === undefined ? escape(traceId) : `<a href="${escape(traceUrl)}">${escape(traceId)}</a>`;
  return `<p><small>trace ${trace}<br>ref: ${escape(marker)}</small></p>`;
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Escaped; a bracketed number in somebody's text would pass for a citation of ours. */
function escape(text: string): string {
  return text.replace(/\[(\d+)\]/g, "($1)").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
