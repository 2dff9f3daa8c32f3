import type { Sought, SoughtTerm } from "./choose-terms.ts";

/** A word in no more rows than this is a reason to cite by itself, if it is a code or all that is known. */
const rareRows = 5;
const rareCodeRows = 50;
/** Words of a ticket so short that one of them must do. */
const shortTicketWords = 3;
/** A result with less than this share of the best one's score is left out. */
const shareOfBest = 0.25;
const alikeEnough = 0.8;
const comparedAtMost = 25;

/** A note must not cite noise: two different words that matched, or one that says enough by itself. */
export function isRelevant(matched: readonly SoughtTerm[], { terms, words }: Sought): boolean {
  if (weightOfWords(matched) >= 2) return true;
  return matched.some(
    ({ kind, rows, term, alike }) =>
      words <= shortTicketWords ||
      (kind === "code" && term.length >= 6 && rows <= rareCodeRows && alike === undefined) ||
      (rows <= rareRows && (kind === "code" || (terms.length === 1 && kind === "word"))),
  );
}

/** Different words: forms of one word are one, a part of a code is none of its own, three pairs of signs are two words. */
function weightOfWords(matched: readonly SoughtTerm[]): number {
  const stems: string[] = [];
  let weight = 0;
  for (const { term, kind, alike, asked } of matched.toSorted((a, b) => b.term.length - a.term.length)) {
    const stem = coarseStem(alike ?? (kind === "word" ? asked : term));
    const isPart = /\d/.test(stem) && stems.some((other) => other.includes(stem));
    if (isPart || stems.includes(stem)) continue;
    stems.push(stem);
    weight += kind === "piece" ? 0.7 : 1;
  }
  return weight;
}

/** `printer`, `printers` and `printing` count as one word: coarser than the index's stems, it only tells words apart. */
function coarseStem(word: string): string {
  return word.replace(/(?<=...)(?:ations?|ions?|ings?|ers?|ies|ed|es|s|e|y)$/, "");
}

/** Of ranked results those that come near the best one; scores are higher for better. */
export function nearBest<T extends { score: number }>(ranked: readonly T[]): T[] {
  const best = Math.max(...ranked.map(({ score }) => score));
  return ranked.filter(({ score }) => score >= best * shareOfBest);
}

/** Results whose words are nearly the same are one: the best, with what the others are called. */
export function mergeAlike<T>(
  ranked: readonly T[],
  wordsOf: (result: T) => ReadonlySet<string>,
  nameOf: (result: T) => string,
): { result: T; alike: string[] }[] {
  const kept: { result: T; words: ReadonlySet<string>; alike: string[] }[] = [];
  for (const result of ranked.slice(0, comparedAtMost)) {
    const words = wordsOf(result);
    const same = kept.find((other) => overlap(words, other.words) >= alikeEnough);
    if (same === undefined) kept.push({ result, words, alike: [] });
    else same.alike.push(nameOf(result));
  }
  return kept.map(({ result, alike }) => ({ result, alike }));
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  // Sets of very different sizes cannot share enough.
  if (Math.min(a.size, b.size) < alikeEnough * Math.max(a.size, b.size)) return 0;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / (a.size + b.size - shared);
}
