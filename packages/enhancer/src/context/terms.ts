import { sql } from "kysely";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { RunStatement } from "./statement.ts";
import { isCode, stemOf, wordsOf } from "./words.ts";

/** Words of a ticket that are looked up at most, and of these the rarest that are searched for. */
const candidatesAtMost = 120;
const searchedAtMost = 12;
/** Words are asked for the tenant's share in groups of this size, until enough are found. */
const groupSize = 40;
/** Rarity is told apart up to here; a word in more rows is common, and joins a search only where rarer ones are few. */
const countLimit = 5_000;
const fewTerms = 4;
/** Rows of a word that are looked at for the tenant's share. */
const shareLimit = 500;
/** A word in no more rows than this is a reason to cite by itself, if it is a code or all that is known. */
const rareRows = 5;
/** Words of a ticket so short that one of them must do. */
const shortTicketWords = 3;
/** A result with less than this share of the best one's score is left out. */
const shareOfBest = 0.25;

/** A word and in how many of the tenant's rows it stands: an estimate for common words. */
interface Term {
  word: string;
  rows: number;
}

/** What to search for. `words` is how many distinct words the ticket has, known to the index or not. */
export interface Terms {
  terms: Term[];
  words: number;
}

/** The index is shared by all tenants; `rows` holds the tenant of each. */
export interface SearchedTable {
  index: "ticket_history_fts" | "documents_fts";
  rows: "ticket_history" | "documents";
}

/** The words of a text that are rarest among the tenant's rows. Long tickets stay cheap: what is counted is bounded. */
export async function rarestTerms(
  database: EnhancerDatabase,
  table: SearchedTable,
  ticket: { tenantId: string; description: string },
  run: RunStatement,
): Promise<Terms> {
  const words = wordsOf(ticket.description).slice(0, candidatesAtMost);
  const known = await countEverywhere(database, table, words, run);
  const terms: Term[] = [];
  // What another tenant alone has must not crowd out this tenant's words: go on until enough are its own.
  for (let at = 0; at < known.length && terms.length < searchedAtMost; at += groupSize)
    terms.push(...(await countOwn(database, table, ticket.tenantId, known.slice(at, at + groupSize), run)));
  terms.sort((a, b) => a.rows - b.rows);
  const rarer = terms.filter(({ rows }) => rows < countLimit).slice(0, searchedAtMost);
  return { terms: rarer.length >= fewTerms ? rarer : terms.slice(0, fewTerms), words: words.length };
}

/** Words that stand in the index at all, the rarest first. */
async function countEverywhere(
  database: EnhancerDatabase,
  { index, rows }: SearchedTable,
  words: readonly string[],
  run: RunStatement,
): Promise<Term[]> {
  if (words.length === 0) return [];
  const count = sql<Term>`
    select w.value as word, (
      select count(*) from (select 1 from ${sql.table(index)} where ${sql.table(index)} match '"' || w.value || '"' limit ${countLimit})
    ) as "rows" from json_each(${JSON.stringify(words)}) w`;
  const counted = await run(database, rows, count.compile(database));
  return counted.filter((term) => term.rows > 0).sort((a, b) => a.rows - b.rows);
}

/** The tenant's part of these words: exact for rare ones, from a sample for common ones; what it lacks is left out. */
async function countOwn(
  database: EnhancerDatabase,
  { index, rows }: SearchedTable,
  tenantId: string,
  terms: readonly Term[],
  run: RunStatement,
): Promise<Term[]> {
  const count = sql<{ word: string; own: number }>`
    select w.value as word, (
      select count(*) from (
        select rowid from ${sql.table(index)} where ${sql.table(index)} match '"' || w.value || '"' limit ${shareLimit}
      ) f join ${sql.table(rows)} t on t.rowid = f.rowid where t.tenant_id = ${tenantId}
    ) as own from json_each(${JSON.stringify(terms.map(({ word }) => word))}) w`;
  const owned = await run(database, rows, count.compile(database));
  const own = new Map(owned.map((row) => [row.word, row.own]));
  return terms.flatMap(({ word, rows: everywhere }) => {
    const share = own.get(word) ?? 0;
    if (everywhere < shareLimit) return share > 0 ? [{ word, rows: share }] : [];
    return [{ word, rows: share > 0 ? Math.ceil((everywhere * share) / shareLimit) : everywhere }];
  });
}

/** Words in quotes: what stands between them is never an operator; wordsOf() leaves letters and digits only. */
export function matchAny({ terms }: Terms): string {
  return terms.map(({ word }) => `"${word}"`).join(" OR ");
}

/** Marks that FTS5's highlight() puts around what matched; imports keep control characters out of the text. */
export const markOpen = "\u0001";
export const markClose = "\u0002";

/** The words that matched, in lower case, each once. */
export function markedWords(marked: string): string[] {
  const pieces = marked.split(markOpen).slice(1);
  return [...new Set(pieces.map((piece) => (piece.split(markClose)[0] ?? "").toLowerCase()))];
}

/** A note must not cite noise: two different words that matched, or one that says enough by itself. */
export function isRelevant(matched: readonly string[], { terms, words }: Terms): boolean {
  if (new Set(matched.map(stemOf)).size >= 2) return true;
  return terms.some(
    ({ word, rows }) =>
      matched.some((found) => stemOf(found) === stemOf(word)) &&
      (words <= shortTicketWords || (rows <= rareRows && (isCode(word) || terms.length === 1))),
  );
}

/** Of ranked results those that come near the best one; scores are higher for better. */
export function nearBest<T extends { score: number }>(ranked: readonly T[]): T[] {
  const best = Math.max(...ranked.map(({ score }) => score));
  return ranked.filter(({ score }) => score >= best * shareOfBest);
}
