import type { Match } from "../../ticket.ts";
import { analyse, type Stem } from "../words/analyse.ts";
import type { Sought, SoughtTerm } from "./choose-terms.ts";

/** BM25F: how soon more of the same word says no more, and how much a long field is held against a match. */
const saturation = 2;
const lengthShare = 0.7;
/** What is read of a field to rank it; the index knows all of it. */
const readCharacters = 3_000;
const matchesNamed = 12;

export interface Field {
  name: string;
  weight: number;
  text: string;
}

export interface Ranked<Row> {
  row: Row;
  score: number;
  /** What matched, the most telling first. */
  matches: Match[];
  matched: SoughtTerm[];
  /** The terms of each field, as far as it was read. */
  terms: readonly ReadonlySet<string>[];
}

/** Adds up what the terms of each row count: the rows most worth reading, the newest of equals first. */
export function bestRows(
  rowsOf: ReadonlyMap<string, readonly number[]>,
  { terms, prefix }: Sought,
  most: number,
): number[] {
  const scores = new Map<number, number>();
  for (const { term, weight } of terms)
    for (const row of rowsOf.get(prefix + term) ?? []) scores.set(row, (scores.get(row) ?? 0) + weight);
  return [...scores]
    .sort(([rowA, a], [rowB, b]) => b - a || rowB - rowA)
    .slice(0, most)
    .map(([row]) => row);
}

/** BM25F over the rows' texts, the best first; rows in which nothing is found any more are left out. */
export function rank<Row>(
  rows: readonly Row[],
  fieldsOf: (row: Row) => readonly Field[],
  { terms }: Sought,
  stem: Stem,
): Ranked<Row>[] {
  const wanted = new Map(terms.map((term) => [term.term, term]));
  const read = rows.map((row) => ({
    row,
    fields: fieldsOf(row).map((field) => readField(field, wanted, stem)),
  }));
  const averages = (read[0]?.fields ?? []).map(
    (_, at) => read.reduce((sum, { fields }) => sum + (fields[at]?.length ?? 0), 0) / read.length,
  );
  const ranked = read.map(({ row, fields }): Ranked<Row> => {
    const scored = terms.flatMap((term) => {
      let amount = 0;
      const names: string[] = [];
      fields.forEach(({ field, counts, length }, at) => {
        const count = counts.get(term.term);
        if (count === undefined) return;
        names.push(field.name);
        const relative = length / Math.max(1, averages[at] ?? 1);
        amount += (field.weight * count) / (1 - lengthShare + lengthShare * relative);
      });
      const score = (term.weight * amount) / (saturation + amount);
      return amount === 0 ? [] : [{ term, names, score }];
    });
    scored.sort((a, b) => b.score - a.score);
    return {
      row,
      score: scored.reduce((sum, { score }) => sum + score, 0),
      matched: scored.map(({ term }) => term),
      terms: fields.map(({ distinct }) => distinct),
      matches: scored.slice(0, matchesNamed).map(({ term, names, score }) => ({
        term: term.asked,
        fields: names,
        score: Math.round(score * 1_000) / 1_000,
        ...(term.alike === undefined ? {} : { alike: term.alike }),
      })),
    };
  });
  return ranked.filter(({ matched }) => matched.length > 0).sort((a, b) => b.score - a.score);
}

function readField(field: Field, wanted: ReadonlyMap<string, SoughtTerm>, stem: Stem) {
  const counts = new Map<string, number>();
  const terms = analyse(field.text.slice(0, readCharacters), stem);
  for (const { term } of terms) if (wanted.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { field, counts, length: terms.length, distinct: new Set(terms.map(({ term }) => term)) };
}

/** For people: `words: vpn (subject), certifcate like certificate (subject, resolution)`. */
export function reasonOf(matches: readonly Match[]): string {
  const words = matches.slice(0, 8).map(({ term, fields, alike }) => {
    const meant = alike === undefined ? "" : ` like ${alike}`;
    return `${term}${meant} (${fields.join(", ")})`;
  });
  return `words: ${words.join(", ")}`;
}
