import { sql } from "kysely";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Source, Ticket } from "../ticket.ts";
import { bestPassage } from "./excerpt.ts";
import type { RunStatement } from "./statement.ts";
import { isRelevant, markClose, markedWords, markOpen, matchAny, nearBest, rarestTerms } from "./terms.ts";

const wanted = 3;
const candidates = 12;
const excerptLimit = 500;
const searched = { index: "documents_fts", rows: "documents" } as const;

interface Section {
  rowid: number;
  path: string;
  anchor: string;
  title: string;
  body: string;
  matched: string;
}

/** Sections of the tenant's documents that share the rarest words with the ticket. */
export async function searchDocuments(
  database: EnhancerDatabase,
  ticket: Ticket,
  run: RunStatement,
): Promise<Source[]> {
  const sought = await rarestTerms(database, searched, ticket, run);
  if (sought.terms.length === 0) return [];
  const match = matchAny(sought);
  const best = sql<{ rowid: number; score: number }>`
    select f.rowid as rowid, bm25(documents_fts, 3.0, 1.0) as score
    from documents_fts f join documents d on d.rowid = f.rowid
    where documents_fts match ${match} and d.tenant_id = ${ticket.tenantId}
    order by score limit ${candidates}`;
  const ranked = await run(database, "documents", best.compile(database));
  if (ranked.length === 0) return [];
  const detail = sql<Section>`
    select d.rowid as rowid, d.path, d.anchor, d.title, d.body,
      highlight(documents_fts, 0, ${markOpen}, ${markClose}) || ' ' || highlight(documents_fts, 1, ${markOpen}, ${markClose}) as matched
    from documents_fts f join documents d on d.rowid = f.rowid
    where documents_fts match ${match} and d.tenant_id = ${ticket.tenantId}
      and f.rowid in (${sql.join(ranked.map(({ rowid }) => rowid))})`;
  const sections = new Map(
    (await run(database, "documents", detail.compile(database))).map((row) => [row.rowid, row]),
  );
  const relevant = ranked.flatMap(({ rowid, score }) => {
    const section = sections.get(rowid);
    if (section === undefined) return [];
    const words = markedWords(section.matched);
    return isRelevant(words, sought) ? [toSource(section, -score, words)] : [];
  });
  return nearBest(relevant).slice(0, wanted);
}

function toSource(section: Section, score: number, words: readonly string[]): Source {
  return {
    kind: "document",
    id: section.anchor === "" ? section.path : `${section.path}#${section.anchor}`,
    title: section.title,
    excerpt: bestPassage(section.body, words, excerptLimit),
    score,
    why: `words: ${words.slice(0, 8).join(", ")}`,
  };
}
