const leastLength = 30;
const mostLength = 512;
const leastBits = 4;
/** Share of neighbours of different kinds (lower case, upper case, digit): a third in names of classes, over half in random text. */
const leastChanges = 0.4;

/** Candidates: runs of base64 and its variants. */
export const entropyCandidates =
  /(?<![A-Za-z0-9+/_-]|[Ss][Hh][Aa]\d{1,3}[:-])[A-Za-z0-9+/_-]{30,}={0,2}(?![A-Za-z0-9+/_-])/g;

/**
 * Whether a run looks random, as keys do: three kinds of characters, mixed, and nearly all different. Hex digits, UUIDs, names of pods
 * and classes, and paths are none.
 */
export function looksRandom(run: string): boolean {
  const text = run.replace(/=+$/, "");
  if (text.length < leastLength || text.length > mostLength) return false;
  if (!/[a-z]/.test(text) || !/[A-Z]/.test(text) || !/\d/.test(text)) return false;
  // The sums of packages and the fingerprints of keys are public.
  if (/^sha\d{1,3}-/i.test(text) || hasWords(text)) return false;
  return changes(text) >= leastChanges && bits(text) >= leastBits;
}

/** Words, numbers and hex digits between separators make it a path or a name, if they are much of it. */
function hasWords(text: string): boolean {
  const parts = text.split(/[/_-]/).filter((part) => part !== "");
  if (parts.length === 1) return false;
  const words = parts.filter((part) =>
    /^(?:[a-z]{3,}|[A-Z]{3,}|[A-Z][a-z]{2,}|\d+|[0-9a-f]{8,})$/.test(part),
  );
  return words.join("").length * 4 >= text.length;
}

function changes(text: string): number {
  let count = 0;
  for (let at = 1; at < text.length; at++)
    if (kind(text.charCodeAt(at)) !== kind(text.charCodeAt(at - 1))) count++;
  return count / (text.length - 1);
}

function kind(code: number): number {
  if (code >= 97 && code <= 122) return 0;
  if (code >= 65 && code <= 90) return 1;
  return code >= 48 && code <= 57 ? 2 : 3;
}

/** Shannon's entropy per character. */
function bits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum -= (count / text.length) * Math.log2(count / text.length);
  return sum;
}
