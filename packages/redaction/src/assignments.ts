import { isPlaceholder } from "./placeholder-values.ts";

/** A part of a text, from `start` to before `end`. */
export interface Range {
  start: number;
  end: number;
}

/** Words that a sensitive key holds; each hit is looked at by hand. */
const keywords =
  /pass|pwd|\bpw\b|\bpin\b|pword|kennwort|contrase|mot de passe|secret|token|api[-_ ]?key|apikey|access[-_]?key|account[-_]?key|private[-_]?key|signing[-_]?key|encryption[-_]?key|master[-_]?key|shared[-_]?access|storage[-_]?key|auth[-_]?key|desk[-_]?key|client[-_]?key|ssh[-_]?key|license[-_]?key|technician[-_]?key|credential|authorization|cookie|jwt|creds|sessid|cvv|cvc|ssn\b/gi;
/** Words of people for what they log in with; they may be followed by "is". */
const passwordWords =
  /^(?:password|passwort|passwd|pwd|passphrase|passcode|pw|kennwort|contraseña|contrasena|pin|mot de passe|secret|token|api key|api-key|apikey|pass|creds|credentials)$/i;
const identifierPart = /[\p{L}0-9_.\-$]/u;
const longest = 4_096;

/**
 * Values of sensitive keys within a text: `password=x`, `"api_key": "x"`, `--token x`, `<secret>x</secret>`, `Password=x;`, `X-Api-Key: x`,
 * `password is x`. Calls `found` with the value's range. Looks at each character a bounded number of times.
 */
export function findAssignments(
  text: string,
  isSensitiveKey: (key: string) => boolean,
  found: (range: Range, key: string) => void,
): void {
  let done = 0;
  for (const match of text.matchAll(keywords)) {
    if (match.index < done) continue;
    const key = keyAround(text, match.index, match.index + match[0].length);
    const isSpoken = passwordWords.test(key.name);
    if (!isSpoken && !isSensitiveKey(key.name)) continue;
    const value = valueAfter(text, key, isSpoken);
    if (value === undefined || value.end <= value.start) continue;
    const said = text.slice(value.start, value.end);
    done = value.end;
    if (isPlaceholder(said) || isCount(key.name, said) || isCode(text, value)) continue;
    found(value, key.name);
  }
}

/** `prompt tokens: 812`. */
function isCount(name: string, value: string): boolean {
  return /tokens$/i.test(name) && /^[\d.,]+$/.test(value);
}

/** `secretKey: Option<String>`, `password = read(...)`, `password == other`. */
function isCode(text: string, { start, end }: Range): boolean {
  const isName = /^[A-Za-z_][A-Za-z_.]*$/.test(text.slice(start, end));
  if (!isName || text[start - 1] === ">") return false;
  return /[<([]/.test(text[end] ?? "") || /==[ ]?$/.test(text.slice(start - 3, start));
}

interface Key extends Range {
  name: string;
  /** Stands behind dashes, as options of commands do. */
  isFlag: boolean;
}

/** The whole identifier around a keyword. */
function keyAround(text: string, from: number, to: number): Key {
  let [start, end] = [from, to];
  while (start > 0 && from - start < 64 && identifierPart.test(text[start - 1] ?? "")) start--;
  while (end < text.length && end - to < 64 && identifierPart.test(text[end] ?? "")) end++;
  // A dot or dash at the end belongs to the sentence.
  while (end > to && /[.\-$]/.test(text[end - 1] ?? "")) end--;
  const dashes = /^[-$.]*/.exec(text.slice(start, from))?.[0].length ?? 0;
  return {
    start: start + dashes,
    end,
    name: text.slice(start + dashes, end),
    isFlag: dashes > 0 && text[start] === "-",
  };
}

/** Where the value of a key stands; undefined where nothing is assigned. */
function valueAfter(text: string, key: Key, isSpoken: boolean): Range | undefined {
  let at = key.end;
  // `password\": \"` inside a string of JSON in a string, `password"]`, `password')`.
  const closing = /^(?:\\*["'`])?\]?\)?/.exec(text.slice(at, at + 6))?.[0].length ?? 0;
  at += closing;
  const rest = text.slice(at, at + 80);
  const separator = /^\s{0,4}(?::=|=>|===?|!==?|[:=]|%3[ad])\s{0,4}/i.exec(rest)?.[0];
  if (separator !== undefined) {
    if (separator.includes("!")) return undefined;
    // A part of a name such as `arn:aws:secretsmanager:eu:1:secret:prod/db`.
    if (separator === ":" && closing === 0 && text[key.start - 1] === ":") return undefined;
    const isHeader =
      /^\s*:\s/.test(separator) && /^(?:(?:proxy-)?authorization|(?:set-)?cookie)$/i.test(key.name);
    return isHeader && closing === 0
      ? headerValue(text, at + separator.length)
      : delimited(text, at + separator.length, separator, isSpoken);
  }
  if (rest.startsWith(">")) return untilTag(text, at + 1);
  if (key.isFlag) return flagValue(text, at);
  if (isSpoken) return spokenValue(text, at, rest);
  return undefined;
}

/** A quoted value to its quote, another to where it must end. */
function delimited(text: string, at: number, separator: string, isSpoken: boolean): Range | undefined {
  const quote = /^[bru]{0,2}(\\*["'`])/i.exec(text.slice(at, at + 6));
  if (quote !== null) {
    const start = at + quote[0].length;
    return { start, end: closingQuote(text, start, quote[1] ?? "") };
  }
  const end = bareEnd(text, at);
  if (/^\s*:\s/.test(separator) && isProse(text, at, end, isSpoken)) return undefined;
  return { start: at, end };
}

/** Where a quoted value ends: not at a quote that is escaped. One that does not close, or not for long, ends with its line. */
function closingQuote(text: string, start: number, quote: string): number {
  const limit = Math.min(text.length, start + longest);
  for (let end = text.indexOf(quote, start); end !== -1 && end < limit; end = text.indexOf(quote, end + 1))
    if (quote.startsWith("\\") || text[end - 1] !== "\\") return end;
  return lineEnd(text, start);
}

/** `token: expired yesterday`, `password: user cannot log in`: plain words that go on as a sentence. */
function isProse(text: string, at: number, end: number, isSpoken: boolean): boolean {
  const word = text.slice(at, end);
  if (!/^[\p{L}'’-]+[.,;:!?]?$/u.test(word)) return false;
  const next = /^[ \t]+([\p{L}]+)/u.exec(text.slice(end, end + 40));
  if (next !== null) return true;
  return !isSpoken && /^[a-zäöüß]{1,12}$/.test(word);
}

function bareEnd(text: string, at: number): number {
  const limit = Math.min(text.length, at + longest);
  let end = at;
  while (end < limit && !/[\s,;&<>"'`)\]}|]/.test(text[end] ?? " ")) end++;
  // The full stop of a sentence.
  if (
    /[.!?:]/.test(text[end - 1] ?? "") &&
    end - at > 4 &&
    (end === text.length || /\s/.test(text[end] ?? ""))
  )
    end--;
  return end;
}

/** Schemes and pairs: all of the line, but not the quote or bracket that the header itself stands in. */
function headerValue(text: string, at: number): Range {
  const end = lineEnd(text, at);
  const stop = text.slice(at, end).search(/["'`<>]|\\n|, [A-Z][A-Za-z-]+: /);
  return { start: at, end: stop === -1 ? end : at + stop };
}

function lineEnd(text: string, at: number): number {
  const newline = text.slice(at, at + longest).search(/[\r\n]/);
  return newline === -1 ? Math.min(text.length, at + longest) : at + newline;
}

function untilTag(text: string, at: number): Range | undefined {
  const window = text.slice(at, at + longest);
  const end = window.indexOf("</");
  const inner = window.slice(0, Math.max(0, end));
  if (end < 1 || inner.includes("<")) return undefined;
  return { start: at, end: at + end };
}

function flagValue(text: string, at: number): Range | undefined {
  const space = /^[ \t]{1,4}/.exec(text.slice(at, at + 5))?.[0].length ?? 0;
  if (space === 0 || text[at + space] === "-") return undefined;
  return delimited(text, at + space, "=", false);
}

/** `password is hunter2`, `Passwort lautet "x"`, `password hunter2!`: the word after must look like a password, or stand in quotes. */
function spokenValue(text: string, at: number, rest: string): Range | undefined {
  const link =
    /^[ \t]{1,3}(?:(?:is|was|are|ist|war|lautet|est|es|=|→|->)(?:[ \t]{0,2}:)?[ \t]{1,3}|(?=["'`]))(?:(?:now|set to|changed to|jetzt|currently)[ \t]{1,3})?/i.exec(
      rest,
    )?.[0];
  const plain = /^[ \t]{1,3}/.exec(rest)?.[0];
  if (link === undefined && plain === undefined) return undefined;
  const start = at + (link ?? plain ?? "").length;
  const quote = /["'`]/.exec(text[start] ?? "")?.[0];
  if (link !== undefined && quote !== undefined) {
    const end = text.slice(start + 1, start + 1 + 128).indexOf(quote);
    const said = text.slice(start + 1, start + 1 + Math.max(0, end));
    return end < 3 || /\s/.test(said) ? undefined : { start: start + 1, end: start + 1 + end };
  }
  const end = bareEnd(text, start);
  return looksLikePassword(text.slice(start, end), link !== undefined) ? { start, end } : undefined;
}

/** Digits and letters together, or signs that words do not have. Without "is" before it, both. */
function looksLikePassword(word: string, isSaid: boolean): boolean {
  if (word.length < 6 || /^\d+([.:/-]\d+)*$/.test(word) || /^https?:/i.test(word)) return false;
  const hasDigit = /\d/.test(word);
  const hasSign = /[!@#$%^&*+=?~_]/.test(word);
  const hasCases = /[a-z].*[A-Z]/.test(word);
  if (isSaid) return (hasDigit && /\p{L}/u.test(word)) || hasSign || hasCases;
  return hasDigit && /\p{L}/u.test(word) && hasSign;
}
