import type { Source, Ticket } from "../ticket.ts";
import { addressesIn, holdsAddress } from "./addresses.ts";
import { isEncoded, lettersOf, rot13, unmasked } from "./disguises.ts";
import { stemsOf } from "./sentences.ts";

/** Why a claim of a model is not told. */
export type Removal = "malformed" | "uncited" | "foreign_link" | "leaked" | "ungrounded";

/** What a model's claims are held against. */
export interface Evidence {
  ticket: Ticket;
  sources: readonly Source[];
  /** The system prompt, whose wording is nobody's business. */
  instructions: string;
  /** Boundary and canary. */
  secrets: readonly string[];
  /** false: the note is in another language than its sources, whose words it cannot share. */
  sharesLanguage: boolean;
}

/** So many words in a row that also stand in the instructions are no accident. */
const wordsInARow = 7;
/** Nor are so many letters, whatever stands between them and whichever way they run. */
const lettersInARow = 32;
/** Share of a claim's words that its sources or the ticket hold: below it the claim is about something else. */
const groundedFrom = 0.15;
/** Fewer different words say too little to be judged. */
const wordsToJudge = 8;
const fewWords = 5;
/** A longer text without one word in it is spelt out letter by letter. */
const longestWithoutWords = 30;
/** Longer runs without a blank are encoded text, unless a source holds them. */
const longestToken = 48;

/** A checker of claims for one answer; undefined: the claim may be told. */
export function claimChecker(
  evidence: Evidence,
): (text: string, cited: readonly number[]) => Removal | undefined {
  const { ticket, sources, secrets } = evidence;
  const everything = unmasked(sources.map(searchable).join("\n"));
  const inTicket = unmasked(`${ticket.subject ?? ""}\n${ticket.description}`.toLowerCase());
  const told = shingles(evidence.instructions);
  const spelt = new Set(evidence.instructions.split("\n").flatMap((line) => runsOf(lettersOf(line))));
  const isSpelt = (letters: string) => runsOf(letters).some((run) => spelt.has(run));
  return (said, cited) => {
    const text = unmasked(said);
    const lower = text.toLowerCase();
    if (secrets.some((secret) => lower.includes(secret.toLowerCase()))) return "leaked";
    if (shinglesOf(text).some((shingle) => told.has(shingle))) return "leaked";
    const letters = lettersOf(text);
    if (isSpelt(letters) || isSpelt(backwards(letters)) || isSpelt(rot13(letters))) return "leaked";
    const { systems, others } = addressesIn(text);
    if (others.some((address) => !holdsAddress(everything, address))) return "foreign_link";
    // A system that the ticket names may be told of; one that nobody named is made up.
    if (systems.some((address) => !holdsAddress(everything, address) && !holdsAddress(inTicket, address)))
      return "foreign_link";
    const tokens = text.split(/\s+/).filter((token) => !everything.includes(token.toLowerCase()));
    if (tokens.some((token) => isEncoded(token) || (token.length > longestToken && !isWriting(token))))
      return "leaked";
    if (text.length > longestWithoutWords && stemsOf(text).size === 0) return "leaked";
    const own = cited.flatMap((number) => sources[number - 1] ?? []);
    return evidence.sharesLanguage && !isGrounded(text, own, ticket) ? "ungrounded" : undefined;
  };
}

/** Whether a whole answer repeats what only its prompt holds. */
export function repeatsSecret(answer: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => answer.includes(secret));
}

function searchable({ id, title, excerpt }: Source): string {
  return `${id}\n${title}\n${excerpt}`.toLowerCase();
}

/** Scripts that write without blanks have long tokens: those hold few Latin letters and digits. */
function isWriting(token: string): boolean {
  return (token.match(/[A-Za-z0-9+/=_-]/g)?.length ?? 0) < token.length / 2;
}

function isGrounded(text: string, cited: readonly Source[], ticket: Ticket): boolean {
  const stems = shortStems(text);
  if (stems.size < fewWords) return true;
  const told = cited.map(searchable).join("\n");
  const inSources = shortStems(told);
  // The ticket's own words given back are no claim about a source.
  if (![...stems].some((stem) => inSources.has(stem))) return false;
  if (stems.size < wordsToJudge) return true;
  const known = shortStems(`${told}\n${ticket.subject ?? ""}\n${ticket.description}`);
  return [...stems].filter((stem) => known.has(stem)).length / stems.size >= groundedFrom;
}

function shortStems(text: string): Set<string> {
  return new Set([...stemsOf(text)].map((stem) => stem.slice(0, 5)));
}

function runsOf(letters: string): string[] {
  const runs: string[] = [];
  for (let at = 0; at + lettersInARow <= letters.length; at++)
    runs.push(letters.slice(at, at + lettersInARow));
  return runs;
}

function backwards(text: string): string {
  return Array.from(text).toReversed().join("");
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function shinglesOf(text: string): string[] {
  const words = wordsOf(text);
  return words.slice(wordsInARow - 1).map((_, at) => words.slice(at, at + wordsInARow).join(" "));
}

/** Line by line: words from the end of one rule and the start of the next are no wording. */
function shingles(text: string): Set<string> {
  return new Set(text.split("\n").flatMap(shinglesOf));
}
