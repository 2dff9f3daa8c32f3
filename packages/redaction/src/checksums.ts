import type { Range } from "./assignments.ts";

/** Luhn's sum (ISO/IEC 7812-1), as payment cards have it. */
function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    let digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    if (at % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Issuers' first digits, and how long their numbers are. */
const issuers: readonly [prefix: RegExp, lengths: readonly number[]][] = [
  [/^4/, [16]],
  [/^5[1-5]/, [16]],
  [/^2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|65|64[4-9])/, [16]],
  [/^35(?:2[89]|[3-8]\d)/, [16]],
  [/^3(?:0[0-5]|[689])/, [14]],
  [/^62/, [16]],
];

/** A payment card's number, with one kind of separator or none. */
export function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (/ /.test(text) && /-/.test(text)) return false;
  if (/^(\d)\1+$/.test(digits) || /[ -]{2}/.test(text)) return false;
  return (
    issuers.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) &&
    luhn(digits)
  );
}

/** Lengths by country (SWIFT's IBAN registry). */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 " +
    "GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 " +
    "MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 " +
    "TN24 TR26 UA29 VA22 VG24 XK20"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const ibanStart = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?= ?[A-Z0-9])/gi;

/** IBANs (ISO 13616), in groups or not: as long as their country says, and with remainder 1 by 97. */
export function findIbans(text: string, found: (range: Range) => void): void {
  ibanStart.lastIndex = 0;
  for (let match = ibanStart.exec(text); match !== null; match = ibanStart.exec(text)) {
    const length = ibanLengths[match[0].slice(0, 2).toUpperCase()];
    const end = length === undefined ? undefined : endOfRun(text, match.index, length);
    if (end === undefined || !hasRemainderOne(text.slice(match.index, end))) continue;
    found({ start: match.index, end });
    ibanStart.lastIndex = end;
  }
}

/** Where so many letters and digits end, single spaces between them not counted; undefined where they do not end there. */
function endOfRun(text: string, start: number, length: number): number | undefined {
  let at = start;
  for (let taken = 0; taken < length; at++) {
    const character = text[at] ?? "";
    if (/[A-Za-z0-9]/.test(character)) taken++;
    else if (character !== " " || text[at - 1] === " ") return undefined;
  }
  return /[A-Za-z0-9]/.test(text[at] ?? "") ? undefined : at;
}

function hasRemainderOne(text: string): boolean {
  const iban = text.replace(/ /g, "").toUpperCase();
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
