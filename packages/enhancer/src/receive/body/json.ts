/** More nesting than any desk has; each reader of a value may then recurse. */
export const depthAtMost = 64;

/** Whether JSON in UTF-8 or ASCII bytes is nested deeper than that; one pass, nothing allocated. */
export function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthAtMost) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** The same for a value that is there already. */
export function isTooDeepValue(value: unknown, left = depthAtMost): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeepValue(inner, left - 1));
}

/** undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * JSON as a template makes it that puts raw text between quotes: line breaks and other control characters in strings, and quotation marks
 * inside of them. undefined where that does not help either.
 */
export function parseLooseJson(text: string): unknown {
  return parseJson(text) ?? parseJson(withEscapes(text, false)) ?? parseJson(withEscapes(text, true));
}

/** What may follow a string's end: a colon, the end of what holds it, or a comma and another value. */
const afterString = /^\s*(?:[:}\]]|$|,\s*(?:["{[\-\d]|true|false|null))/;

function withEscapes(text: string, quotesToo: boolean): string {
  const out: string[] = [];
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (!inString) {
      inString = character === '"';
      out.push(character);
    } else if (character === "\\") {
      out.push(character, text.charAt(++at));
    } else if (character === '"') {
      // 64 characters show what follows; a longer gap is no gap of a template.
      const ends = !quotesToo || afterString.test(text.slice(at + 1, at + 65));
      out.push(ends ? character : '\\"');
      inString = !ends;
    } else out.push(character < " " ? escaped(character) : character);
  }
  return out.join("");
}

function escaped(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}
