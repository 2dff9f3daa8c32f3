import { analyse, type Stem, type Term } from "../words/analyse.ts";
import { distanceOf, intactParts, shortestAlike } from "../words/alike.ts";
import { termPrefix } from "../words/stored-terms.ts";
import type { IndexReader, SearchedTable } from "./index-reader.ts";
import { commonRows, type TermCounts } from "./term-counts.ts";

/** Distinct words of a ticket that are looked up at most; codes wherever they stand, then the others in the order of the text. */
const lookedUpAtMost = 300;
/** Words that are searched for, and rows of all of them together: what keeps a search within its time. */
const searchedAtMost = 24;
const rowsInAll = 6_000;
const fewTerms = 4;
/** Words of no row that somebody may have misspelt, looked up in the vocabulary. */
const misspeltAtMost = 6;
const alikeRead = 400;
const alikeTaken = 3;

export interface SoughtTerm {
  /** As it stands in the index, without the tenant's prefix. */
  term: string;
  /** As it stood in the ticket. */
  asked: string;
  kind: Term["kind"];
  /** Rows of the tenant that hold it; `commonRows` stands for that many or more. */
  rows: number;
  /** What a match counts: rare words count most, words that are only alike less. */
  weight: number;
  /** A word of the vocabulary that was taken for a misspelt one. */
  alike?: string;
}

export interface Sought {
  terms: SoughtTerm[];
  /** How many distinct words the ticket has, known to the index or not. */
  words: number;
  prefix: string;
}

/** The ticket's words that tell most about it: the rarest in the tenant's own rows. */
export async function chooseTerms(
  reader: IndexReader,
  table: SearchedTable,
  ticket: { tenantId: string; subject?: string; description: string },
  counts: TermCounts,
  stem: Stem,
): Promise<Sought> {
  const prefix = termPrefix(ticket.tenantId);
  const words = wordsToLookUp(`${ticket.subject ?? ""}\n${ticket.description}`, stem);
  const total = await counts.rowsOfTenant(reader, table, ticket.tenantId);
  if (total === 0) return { terms: [], words: words.length, prefix };
  const known = await counts.rowsOf(
    reader,
    table,
    words.map(({ term }) => prefix + term),
  );
  const found = words.flatMap((word): SoughtTerm[] => {
    const rows = known.get(prefix + word.term) ?? 0;
    return rows === 0 ? [] : [sought(word, rows, total)];
  });
  const unknown = words.filter(({ term }) => (known.get(prefix + term) ?? 0) === 0);
  const alike = await alikeTerms(reader, table, ticket.tenantId, unknown, counts, stem, total);
  const taken = new Set(found.map(({ term }) => term));
  const all = [...found, ...alike.filter(({ term }) => !taken.has(term))];
  return { terms: withinBudget(all), words: words.length, prefix };
}

function wordsToLookUp(text: string, stem: Stem): Term[] {
  const distinct = new Map<string, Term>();
  for (const term of analyse(text, stem)) if (!distinct.has(term.term)) distinct.set(term.term, term);
  const all = [...distinct.values()];
  if (all.length <= lookedUpAtMost) return all;
  const codes = all.filter(({ kind }) => kind === "code").slice(0, lookedUpAtMost / 2);
  const others = all.filter(({ kind }) => kind !== "code");
  // Long texts say what they are about at their beginning, and logs at their end.
  const room = lookedUpAtMost - codes.length;
  const head = others.slice(0, Math.ceil(room * 0.75));
  return [...codes, ...head, ...others.slice(head.length).slice(-(room - head.length))];
}

function sought(word: Term, rows: number, total: number): SoughtTerm {
  const share = Math.min(total, rows >= commonRows ? Math.max(rows, total * 0.02) : rows);
  const rarity = Math.log(1 + (total - share + 0.5) / (share + 0.5));
  // A number may be anything; a pair of signs is half a word.
  const trust = { word: 1, code: 1.3, number: 0.6, piece: 0.6 }[word.kind];
  return {
    term: word.term,
    asked: word.surface,
    kind: word.kind,
    rows,
    weight: Math.max(0.05, rarity) * trust,
  };
}

/** The rarest first, until they stand in too many rows; where all are common, a few of them. */
function withinBudget(terms: readonly SoughtTerm[]): SoughtTerm[] {
  const sorted = terms.toSorted((a, b) => a.rows - b.rows || b.weight - a.weight);
  const taken: SoughtTerm[] = [];
  let rows = 0;
  for (const term of sorted) {
    if (taken.length >= searchedAtMost || (taken.length >= fewTerms && rows + term.rows > rowsInAll)) break;
    taken.push(term);
    rows += term.rows;
  }
  return taken;
}

/** For words that stand in no row: words of the tenant's vocabulary that may have been meant. */
async function alikeTerms(
  reader: IndexReader,
  table: SearchedTable,
  tenantId: string,
  unknown: readonly Term[],
  counts: TermCounts,
  stem: Stem,
  total: number,
): Promise<SoughtTerm[]> {
  const suspects = unknown
    .filter(({ kind, surface }) => kind !== "piece" && surface.length >= shortestAlike)
    .toSorted((a, b) => Number(b.kind === "code") - Number(a.kind === "code"))
    .slice(0, misspeltAtMost);
  const prefix = termPrefix(tenantId);
  const terms: SoughtTerm[] = [];
  for (const suspect of suspects) {
    const candidates = await reader.wordsWith(tenantId, intactParts(suspect.surface), alikeRead);
    const near = candidates
      .flatMap((word) => {
        const distance = distanceOf(suspect.surface, word);
        return distance === undefined ? [] : [{ word, distance }];
      })
      .sort((a, b) => a.distance - b.distance || (a.word < b.word ? -1 : 1))
      .slice(0, alikeTaken);
    const analysed = near.flatMap(({ word, distance }) =>
      analyse(word, stem)
        .slice(0, 1)
        .map((term) => ({ term, word, distance })),
    );
    const rows = await counts.rowsOf(
      reader,
      table,
      analysed.map(({ term }) => prefix + term.term),
    );
    for (const { term, word, distance } of analysed) {
      const known = rows.get(prefix + term.term) ?? 0;
      if (known === 0 || terms.some((other) => other.term === term.term)) continue;
      const { weight, ...rest } = sought(term, known, total);
      terms.push({
        ...rest,
        asked: suspect.surface,
        alike: word,
        weight: (weight * 0.7) / (1 + distance) + weight * 0.3,
      });
    }
  }
  return terms;
}
