import { stemmer } from "stemmer";
import { stopWords } from "./stop-words.ts";

/** Reduces an English word to its stem; other Latin words lose at most an ending. */
export type Stem = (word: string) => string;

/**
 * Text into terms: the same for what is stored and for what is asked, and for both databases, whose own text configurations
 * are left aside. A term is of letters, digits and marks only; neither database's query language has a say in it.
 */
export interface Term {
  /** What stands in the index. */
  term: string;
  /** What stood in the text: lower case, without diacritics. */
  surface: string;
  /** `code`: an error code, a part number, a host's name, a version; `number`: digits only; `piece`: two signs of a script without spaces. */
  kind: "word" | "code" | "number" | "piece";
}

const longestTerm = 40;
const partsOfCompound = 5;
/** What is not read any further: nobody writes more, a log that was pasted may be. */
const textLimit = 200_000;

/** Letters and digits, held together by what joins them in codes, hosts and versions. */
const chunks = /[\p{L}\p{N}\p{M}_]+(?:[.\-'’+#&][\p{L}\p{N}\p{M}_]+)*/gu;
const parts = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that put no spaces between words (and Hangul, whose words carry their endings): pairs of signs stand for words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]+/gu;
const latin = /^[a-z]+$/;
const ipv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Terms in the order of the text, repeated as they repeat; stop words and addresses are left out. */
export function analyse(text: string, stem: Stem = stemmer): Term[] {
  const terms: Term[] = [];
  for (const [chunk] of fold(text.slice(0, textLimit)).matchAll(chunks)) {
    if (ipv4.test(chunk)) continue;
    const pieces = chunk.match(parts) ?? [];
    for (const piece of pieces) addPart(piece, terms, stem);
    if (pieces.length > 1 && pieces.length <= partsOfCompound) addCompound(pieces.join(""), terms, stem);
  }
  return terms;
}

/** Words repeat: most stems are known after a few texts. For one thread, bounded. */
export function rememberingStemmer(): Stem {
  const known = new Map<string, string>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const stem = stemmer(word);
    if (known.size >= 50_000) known.clear();
    known.set(word, stem);
    return stem;
  };
}

/** Lower case, one form for each sign, without the diacritics of Latin, Greek and Cyrillic letters. */
export function fold(text: string): string {
  // Most text is plain ASCII: normalising it would change nothing.
  if (/^[\p{ASCII}]*$/u.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, "")
    .replace(/[\u064B-\u0652\u0670\u0640\u0591-\u05C7]/g, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[æœøłđðþı]/g, (letter) => plainLetters[letter] ?? letter);
}

const plainLetters: Readonly<Record<string, string>> = {
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

function addPart(part: string, terms: Term[], stem: Stem): void {
  if (/^\p{ASCII}+$/u.test(part)) return addWord(part, terms, stem);
  let at = 0;
  for (const found of part.matchAll(unspaced)) {
    if (found.index > at) addWord(part.slice(at, found.index), terms, stem);
    addPieces(found[0], terms);
    at = found.index + found[0].length;
  }
  if (at < part.length) addWord(part.slice(at), terms, stem);
}

function addWord(word: string, terms: Term[], stem: Stem): void {
  if (word.length < 2 || word.length > longestTerm || stopWords.has(word)) return;
  const kind = kindOf(word);
  if (kind === "number") {
    if (word.length >= 3) terms.push({ term: word, surface: word, kind });
    return;
  }
  terms.push({ term: latin.test(word) ? stem(word) : word, surface: word, kind });
  if (kind !== "code") return;
  // `KB5034441` is also asked for as `5034441`, `0x80070005` as `80070005`.
  const digits = /^(?:0x|\D+)(\d{4,})$/.exec(word)?.[1];
  if (digits !== undefined && digits !== word) terms.push({ term: digits, surface: digits, kind: "number" });
}

function addCompound(word: string, terms: Term[], stem: Stem): void {
  if (word.length > longestTerm) return;
  const kind = kindOf(word);
  terms.push({ term: kind === "word" && latin.test(word) ? stem(word) : word, surface: word, kind });
}

function addPieces(run: string, terms: Term[]): void {
  const signs = Array.from(run);
  if (signs.length === 1) terms.push({ term: run, surface: run, kind: "piece" });
  for (let at = 0; at + 1 < signs.length; at++) {
    const pair = `${signs[at]}${signs[at + 1]}`;
    terms.push({ term: pair, surface: pair, kind: "piece" });
  }
}

function kindOf(word: string): Term["kind"] {
  if (latin.test(word) || !/\p{N}/u.test(word)) return "word";
  return /\p{L}/u.test(word) ? "code" : "number";
}
