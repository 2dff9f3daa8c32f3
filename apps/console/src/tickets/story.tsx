import type { EnhancementDetail } from "@throughline/api";
import type { ReactNode } from "react";
import { formatCost, formatCount, plural } from "../ui/format.ts";
import { NoteHtml } from "./note-html.tsx";

/** What the ticket said when it was read; credentials are hidden in it. */
export function Came({ detail: { input } }: { detail: EnhancementDetail }) {
  return (
    <Part title="What came in" note={input.event}>
      {input.subject !== "" && (
        <h3>
          <bdi>{input.subject}</bdi>
        </h3>
      )}
      <p className="prose" dir="auto" tabIndex={0}>
        {input.description === "" ? <span className="muted">No description.</span> : input.description}
      </p>
    </Part>
  );
}

const kinds: Readonly<Record<string, string>> = { ticket: "Ticket", document: "Document", system: "System" };

/** The sources, with what speaks for each. */
export function Found({ detail: { sources } }: { detail: EnhancementDetail }) {
  return (
    <Part title="What was found" note={plural(sources.length, "source")}>
      {sources.length === 0 && <p className="muted">Nothing in history, documentation or inventory fits.</p>}
      <ol className="sources">
        {sources.map((source) => (
          <li key={`${source.kind} ${source.id}`}>
            <details>
              <summary>
                <span className="tag">{kinds[source.kind] ?? source.kind}</span>
                <bdi className="source-title">{source.title}</bdi>
                <span className="muted small nowrap">score {source.score.toPrecision(3)}</span>
              </summary>
              <p className="muted small">
                <span className="mono">{source.id}</span>: {source.why}
              </p>
              <p className="prose small" dir="auto">
                {source.excerpt}
              </p>
            </details>
          </li>
        ))}
      </ol>
    </Part>
  );
}

const notOnDesk: Partial<Record<EnhancementDetail["delivery"], string>> = {
  none: "It is not on the desk.",
  draft: "It is not on the desk yet: a draft.",
  discarded: "It is not on the desk: the draft was discarded.",
  shadow: "It is not on the desk: kept only.",
};

/** The note as whoever reads the ticket sees it, who wrote it and what that cost. */
export function Written({ detail }: { detail: EnhancementDetail }) {
  const { delivery, html, writer, model, feedback } = detail;
  const { inputTokens, outputTokens, cachedTokens, costUsd, claimsRemoved } = detail;
  const tokens = inputTokens !== null && outputTokens !== null;
  return (
    <Part title="What was written" note={writer === "model" ? (model ?? "a model") : (writer ?? "")}>
      {html !== null && notOnDesk[delivery] !== undefined && (
        <p className="not-there">{notOnDesk[delivery]}</p>
      )}
      {html === null ? <p className="muted">No note was written.</p> : <NoteHtml html={html} />}
      <p className="muted small">
        {tokens &&
          `${formatCount(inputTokens)} tokens in${cachedTokens === null || cachedTokens === 0 ? "" : ` (${formatCount(cachedTokens)} cached)`}, ${formatCount(outputTokens)} out, ${formatCost(costUsd)}. `}
        {claimsRemoved > 0 && `${plural(claimsRemoved, "claim")} without a source left out.`}
      </p>
      {feedback.length > 0 && (
        <ul className="feedback" aria-label="Feedback">
          {feedback.map(({ rating, reason, createdAt }) => (
            <li key={createdAt + rating + reason}>
              <b>{rating === "up" ? "Helpful" : "Not helpful"}</b> <bdi>{reason}</bdi>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

function Part({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  return (
    <section className="panel part" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="muted small clip">{note}</span>
      </header>
      {children}
    </section>
  );
}
