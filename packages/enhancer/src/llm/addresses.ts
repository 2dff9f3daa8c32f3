const topLevels = [
  "com net org info biz edu gov mil int arpa io co me cc tv us eu uk de ch at fr es pt nl be lu dk se no fi pl cz sk hu ro bg gr tr ru ua",
  "cn jp kr in id vn th sg my ph au nz ca mx br ar cl za ng ir il ae pk xyz top site online shop store app dev link click live life",
  "club icu buzz support help services cloud work world today space website tech email gg ly tk ml ga cf gq to ws la su rs",
  "example test invalid onion local internal",
]
  .join(" ")
  .replaceAll(" ", "|");
const word = String.raw`[\p{L}\p{N}_-]`;
const rest = "[^\\s<>\"'`()[\\]{}|]*";
const more = rest.replace("*", "+");

/** What leads a reader elsewhere. */
const leading = [
  // With a scheme, or what is one in disguise: hxxps://, http:\\
  new RegExp(String.raw`\b[a-z][a-z0-9+.-]{1,20}:[/\\]{1,3}\[?${more}`, "giu"),
  new RegExp(String.raw`\b(?:javascript|data|vbscript|mailto|tel|file):\s*${more}`, "giu"),
  new RegExp(String.raw`\bwww\.${more}`, "giu"),
  // A share of another machine.
  new RegExp(String.raw`\\\\${word}[^\s\\]*\\${more}`, "giu"),
  new RegExp(String.raw`[\p{L}\p{N}._%+-]+@${word}+(?:\.${word}+)+`, "giu"),
  new RegExp(
    String.raw`(?<![\p{L}\p{N}_.-])(?:${word}+\.)+(?:${topLevels}|xn--[a-z0-9-]+)(?![\p{L}\p{N}_-])(?:[/:]${rest})?`,
    "giu",
  ),
  // Any name with a path behind it.
  new RegExp(String.raw`(?<![\p{L}\p{N}_./\\-])(?:${word}+\.)+\p{L}{2,24}/${more}`, "giu"),
  // Numbers to call: of another country, of another place, or in groups as they are dialled.
  /(?:\+|\b00)\d[\d ()./-]{6,20}\d/g,
  /(?<![\d.:/-])0\d{1,5}[ ()/-]+\d[\d ()/-]{3,14}\d(?![.:]?\d)/g,
  /(?<![\d.:/-])(?:1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)/g,
];
const ipv4 = /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]\d)/g;

/** Links, host names, mail addresses and telephone numbers of a text, and apart from them IP addresses; lower case. */
export function addressesIn(text: string): { systems: string[]; others: string[] } {
  const found = (form: RegExp) =>
    (text.match(form) ?? []).map((one) => one.toLowerCase().replace(/[.,;:!?*_»”’]+$/, ""));
  return { systems: found(ipv4), others: leading.flatMap(found) };
}

const inName = /[\p{L}\p{N}_-]/u;

/** Whether a text in lower case holds the address, whole: `evil.com` is not in `notevil.com` nor in `evil.community`. */
export function holdsAddress(text: string, address: string): boolean {
  for (let at = text.indexOf(address); at >= 0; at = text.indexOf(address, at + 1)) {
    const after = text.slice(at + address.length, at + address.length + 2);
    const isWhole = !inName.test(after.charAt(0)) && !/^[.@][\p{L}\p{N}]/u.test(after);
    if (isWhole && !inName.test(text.charAt(at - 1))) return true;
  }
  return false;
}
