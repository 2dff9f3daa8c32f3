import { sql } from "kysely";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Source, Ticket } from "../ticket.ts";
import { firstSentences } from "./excerpt.ts";
import type { RunStatement } from "./statement.ts";
import { isRelevant, markClose, markedWords, markOpen, matchAny, nearBest, rarestTerms } from "./terms.ts";

const wanted = 5;
const candidates = 20;
const excerptLimit = 500;
const searched = { index: "ticket_history_fts", rows: "ticket_history" } as const;

interface Hit {
  rowid: number;
  ticket_id: string;
  subject: string;
  resolution: string;
  score: number;
  matched: string;
}

/** The tenant's resolved tickets that share the rarest words with this one; never the ticket itself. */
export async function searchHistory(
  database: EnhancerDatabase,
  ticket: Ticket,
  run: RunStatement,
): Promise<Source[]> {
  const sought = await rarestTerms(database, searched, ticket, run);
  if (sought.terms.length === 0) return [];
  const match = matchAny(sought);
  // Weights of subject, description, resolution, tags. bm25() is negative: the smaller the better.
  const best = sql<{ rowid: number; score: number }>`
    select f.rowid as rowid, bm25(ticket_history_fts, 4.0, 1.0, 2.0, 3.0) as score
    from ticket_history_fts f join ticket_history t on t.rowid = f.rowid
    where ticket_history_fts match ${match} and t.tenant_id = ${ticket.tenantId} and t.ticket_id <> ${ticket.ticketId}
    order by score limit ${candidates}`;
  const ranked = await run(database, "ticket_history", best.compile(database));
  if (ranked.length === 0) return [];
  const marked = (column: number) =>
    sql`highlight(ticket_history_fts, ${sql.lit(column)}, ${markOpen}, ${markClose})`;
  const detail = sql<Omit<Hit, "score">>`
    select t.rowid as rowid, t.ticket_id, t.subject, t.resolution,
      ${marked(0)} || ' ' || ${marked(1)} || ' ' || ${marked(2)} || ' ' || ${marked(3)} as matched
    from ticket_history_fts f join ticket_history t on t.rowid = f.rowid
    where ticket_history_fts match ${match} and t.tenant_id = ${ticket.tenantId}
      and f.rowid in (${sql.join(ranked.map(({ rowid }) => rowid))})`;
  const rows = new Map(
    (await run(database, "ticket_history", detail.compile(database))).map((row) => [row.rowid, row]),
  );
  const relevant = ranked
    .flatMap(({ rowid, score }) => {
      const row = rows.get(rowid);
      return row === undefined ? [] : [{ ...row, score }];
    })
    .flatMap((hit) => {
      const words = markedWords(hit.matched);
      return isRelevant(words, sought) ? [toSource(hit, words)] : [];
    });
  return nearBest(relevant).slice(0, wanted);
}

function toSource(hit: Hit, words: readonly string[]): Source {
  return {
    kind: "ticket",
    id: hit.ticket_id,
    title: hit.subject,
    excerpt: firstSentences(hit.resolution, excerptLimit),
    score: -hit.score,
    why: `words: ${words.slice(0, 8).join(", ")}`,
  };
}
