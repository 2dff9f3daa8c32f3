import type { Range } from "./assignments.ts";

const begin = /-----? ?BEGIN (?:[A-Z0-9]{1,20} ){0,4}(?:PRIVATE|SECRET) KEY(?: BLOCK)?-?-{4}/g;
const end = /-----? ?END (?:[A-Z0-9]{1,20} ){0,4}(?:PRIVATE|SECRET) KEY(?: BLOCK)?-?-{4}/;
/** Larger than the largest RSA key in use. */
const longest = 16 * 1024;
/** Base64, headers of PGP and PEM, line ends as they are or as `\n` of a string. */
const body = /(?:[A-Za-z0-9+/=\s:,.()@<>-]|\\[nr])*/y;

/** Private keys in PEM and PGP armour: to their end, or where that was cut off as far as it goes on. Each character is looked at twice at most. */
export function findPrivateKeys(text: string, found: (range: Range) => void): void {
  if (!text.includes("BEGIN")) return;
  begin.lastIndex = 0;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const from = match.index + match[0].length;
    const window = text.slice(from, from + longest);
    const closing = end.exec(window);
    body.lastIndex = 0;
    const to =
      from + (closing === null ? (body.exec(window)?.[0].length ?? 0) : closing.index + closing[0].length);
    found({ start: match.index, end: to });
    begin.lastIndex = to;
  }
}
