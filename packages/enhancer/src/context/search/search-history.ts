import type { Source } from "../../ticket.ts";
import { firstSentences } from "../excerpt.ts";
import type { Stem } from "../words/analyse.ts";
import { chooseTerms } from "./choose-terms.ts";
import type { HistoryRow, IndexReader } from "./index-reader.ts";
import { bestRows, rank, type Ranked, reasonOf } from "./rank.ts";
import { isRelevant, mergeAlike, nearBest } from "./relevance.ts";
import { commonRows, type TermCounts } from "./term-counts.ts";
import type { SearchedTicket } from "./requests.ts";

const wanted = 5;
const rowsRead = 60;
const excerptLimit = 500;
const alikeNamed = 5;
const weights = { subject: 4, tags: 3, resolution: 2, description: 1 };
/** Half of what age may take off is gone after a year. */
const halfLifeMs = 365 * 86_400_000;
const none: ReadonlySet<string> = new Set();
const ageShare = 0.15;

/** The tenant's resolved tickets that share the rarest words with this one; never the ticket itself. */
export async function searchHistory(
  reader: IndexReader,
  ticket: SearchedTicket,
  counts: TermCounts,
  stem: Stem,
): Promise<Source[]> {
  const sought = await chooseTerms(reader, "ticket_history", ticket, counts, stem);
  if (sought.terms.length === 0) return [];
  const terms = sought.terms.map(({ term }) => sought.prefix + term);
  const rowsOf = await reader.rowsOf("ticket_history", terms, commonRows);
  const rows = await reader.history(ticket.tenantId, bestRows(rowsOf, sought, rowsRead), ticket.ticketId);
  const now = Date.now();
  const ranked = rank(rows, fieldsOf, sought, stem)
    .filter(({ matched }) => isRelevant(matched, sought))
    .map((hit) => ({ ...hit, score: hit.score * freshness(hit.row.resolved_at, now) }))
    .sort((a, b) => b.score - a.score || b.row.rowid - a.row.rowid);
  const merged = mergeAlike(
    nearBest(ranked),
    ({ terms: [subject = none, , resolution = none] }) => new Set([...subject, ...resolution]),
    ({ row }) => row.ticket_id,
  );
  return merged.slice(0, wanted).map(({ result, alike }) => toSource(result, alike));
}

function fieldsOf(row: HistoryRow) {
  return [
    { name: "subject", weight: weights.subject, text: row.subject },
    { name: "tags", weight: weights.tags, text: (JSON.parse(row.tags) as string[]).join(" ; ") },
    { name: "resolution", weight: weights.resolution, text: row.resolution },
    { name: "description", weight: weights.description, text: row.description },
  ];
}

function freshness(resolvedAt: number | null, now: number): number {
  const age = resolvedAt === null ? halfLifeMs : Math.max(0, now - resolvedAt);
  return 1 - ageShare + ageShare * 2 ** (-age / halfLifeMs);
}

function toSource({ row, score, matches }: Ranked<HistoryRow>, alike: readonly string[]): Source {
  const more = alike.length > alikeNamed ? ` and ${alike.length - alikeNamed} more` : "";
  const named = alike.slice(0, alikeNamed);
  const same = named.length === 0 ? "" : `; alike: ${named.join(", ")}${more}`;
  return {
    kind: "ticket",
    id: row.ticket_id,
    title: row.subject,
    excerpt: firstSentences(row.resolution, excerptLimit),
    score,
    why: reasonOf(matches) + same,
    matches,
    ...(named.length === 0 ? {} : { alike: named }),
  };
}
