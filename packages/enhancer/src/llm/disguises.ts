/** Signs that nobody sees: zero-width ones, marks of direction, soft hyphens, tags. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;
/** `evil[.]example`, `evil (dot) example`. */
const dotInBrackets = /\s*[([{]\s*(?:\.|dot|punkt|point|punto)\s*[)\]}]\s*/gi;

/** Text as a reader takes it: compatible signs (`ｅｖｉｌ．ｃｏｍ`) are the plain ones, what nobody sees is gone. */
export function unmasked(text: string): string {
  return text.normalize("NFKC").replace(invisible, "").replaceAll("。", ".").replace(dotInBrackets, ".");
}

/** Cyrillic and Greek letters, and the Latin ones that they look like, in the same order. */
const alien = "аеорсухіјѕһԁԛԝкмтнвαονρυικτη";
const latin = "aeopcyxijshdqwkmthbaovpuiktn";
const lookalikes: Readonly<Record<string, string>> = Object.fromEntries(
  alien.split("").map((letter, at) => [letter, latin.charAt(at)]),
);
/** Digits and signs that stand for letters. */
const leet: Readonly<Record<string, string>> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t" };

/** Letters alone, as they look: `1gn0r3`, `i-g-n-o-r-e` and `іgnоre` are the same. */
export function lettersOf(text: string): string {
  return unmasked(text)
    .toLowerCase()
    .normalize("NFKD")
    .replace(/./gsu, (sign) => lookalikes[sign] ?? leet[sign] ?? sign)
    .replace(/[^\p{L}]/gu, "");
}

export function rot13(letters: string): string {
  return letters.replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 84) % 26) + 97));
}

/** A shorter token decodes to something by chance. */
const shortestEncoded = 20;
const readable = /^[\p{L}\p{N}\p{P}\p{S}\s]+$/u;

/** Whether a word is a sentence in base64 or in hexadecimal digits. */
export function isEncoded(token: string): boolean {
  if (token.length < shortestEncoded) return false;
  const word = token.replace(/^[^A-Za-z0-9+/]+|[^A-Za-z0-9+/=_-]+$/g, "");
  const isHex = /^(?:[0-9a-f]{2}){10,}$/i.test(word);
  if (!isHex && !/^[A-Za-z0-9+/_-]{20,}={0,2}$/.test(word)) return false;
  // A piece may begin anywhere in a group of four.
  const starts = isHex ? [0] : [0, 1, 2, 3];
  return starts.some((start) => isSentence(Buffer.from(word.slice(start), isHex ? "hex" : "base64")));
}

/** Words with blanks between them, in plain letters. */
function isSentence(bytes: Buffer): boolean {
  if (bytes.some((byte) => byte > 126 || (byte < 32 && byte !== 10))) return false;
  const text = bytes.toString("latin1");
  return readable.test(text) && /[a-z]{2}/i.test(text) && / |[a-z]{8}/i.test(text);
}
