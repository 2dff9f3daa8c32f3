import { sql } from "kysely";
import type { EnhancerDatabase } from "../database.ts";
import type { RunStatement } from "./statement.ts";

/** Words of a ticket that are looked up at most, and of these the rarest that are searched for. */
const candidatesAtMost = 48;
const searchedAtMost = 12;
/** A result with less than this share of the best one's score is left out. */
const shareOfBest = 0.25;
/** Rarity is told apart up to here; a word in more rows is merely common. */
const countLimit = 2_000;

const stopWords = new Set(
  (
    "a an and are as at be been but by can cannot could did do does for from had has have he her his how i if in into is it its just me my no not of on or our out " +
    "she should since so some such than that the their them then there these they this those to too up us was we were what when where which while who why will with would you your " +
    "after all also any because before being between both day each few get gets got more morning most new now only other over please same still thanks today under until very yesterday " +
    "der die das und oder nicht ist sind ein eine einen im in zu mit von auf fur für den dem des es ich wir sie kann"
  ).split(" "),
);

/** A word and in how many rows it stands, counted up to a limit. */
export interface Term {
  word: string;
  rows: number;
}

/** Words worth searching for: no stop words, no bare numbers, no addresses. In the order of the text, each once. */
function wordsOf(text: string): string[] {
  const words = text
    .toLowerCase()
    .normalize("NFC")
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, " ")
    .match(/[\p{L}\p{N}]+/gu);
  return [...new Set(words ?? [])].filter(
    (word) => word.length >= 2 && word.length <= 40 && !stopWords.has(word) && !/^\d+$/.test(word),
  );
}

/** The rarest words of a text that stand in the index at all; long tickets stay cheap. */
export async function rarestTerms(
  database: EnhancerDatabase,
  table: "ticket_history_fts" | "documents_fts",
  text: string,
  run: RunStatement,
): Promise<Term[]> {
  const words = wordsOf(text).slice(0, candidatesAtMost);
  if (words.length === 0) return [];
  const counts = words.map(
    (word) =>
      sql`select ${word} as word, (select count(*) from (select 1 from ${sql.table(table)} where ${sql.table(table)} match ${quoted(word)} limit ${countLimit})) as "rows"`,
  );
  const terms = await run(
    database,
    table,
    sql<Term>`${sql.join(counts, sql` union all `)}`.compile(database),
  );
  return terms
    .filter(({ rows }) => rows > 0)
    .sort((a, b) => a.rows - b.rows)
    .slice(0, searchedAtMost);
}

/** An FTS5 string: whatever stands in it is a word, never an operator. */
function quoted(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}

export function matchAny(terms: readonly Term[]): string {
  return terms.map(({ word }) => quoted(word)).join(" OR ");
}

/** Marks that FTS5's highlight() puts around what matched; they cannot stand in text. */
export const markOpen = "\u0001";
export const markClose = "\u0002";

/** The words that matched, in lower case, each once. */
export function markedWords(marked: string): string[] {
  const pieces = marked.split(markOpen).slice(1);
  return [...new Set(pieces.map((piece) => (piece.split(markClose)[0] ?? "").toLowerCase()))];
}

/** A note must not cite noise: at least two words that matched, unless the ticket has no more to offer. */
export function isRelevant(matched: readonly string[], terms: readonly Term[]): boolean {
  const stems = new Set(matched.map((word) => word.slice(0, 5)));
  return stems.size >= Math.min(2, terms.length);
}

/** Of ranked results those that come near the best one; scores are higher for better. */
export function nearBest<T extends { score: number }>(ranked: readonly T[]): T[] {
  const best = Math.max(...ranked.map(({ score }) => score));
  return ranked.filter(({ score }) => score >= best * shareOfBest);
}
