/** Text made at run time from a seed: nothing that looks like a credential stands in the repository. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Whole numbers below `limit` (mulberry32). */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join("");
  }

  hex = (length: number): string => this.text("0123456789abcdef", length);
  digits = (length: number): string => this.text("0123456789", length);
  lower = (length: number): string => this.text("abcdefghijklmnopqrstuvwxyz0123456789", length);
  upper = (length: number): string => this.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length);
  alnum = (length: number): string =>
    this.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length);
  url = (length: number): string =>
    this.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length - 1) + this.alnum(1);
  base64 = (length: number): string =>
    this.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", length);

  /** What people choose. */
  password(): string {
    const word = this.pick([
      "Winter",
      "Summer",
      "hunter",
      "Dragon",
      "swordfish",
      "Munich",
      "letmein",
      "Monkey",
      "Kaffee",
      "qwertz",
    ]);
    const sign = this.pick(["!", "#", "$", "?", "%", "+", ""]);
    return `${word}${this.digits(2 + this.below(3))}${sign}`;
  }
}

/** The digit that makes Luhn's sum right. */
export function withLuhn(digits: string): string {
  for (let last = 0; last < 10; last++) {
    const number = digits + last;
    let sum = 0;
    number
      .split("")
      .reverse()
      .forEach((digit, at) => {
        const doubled = Number(digit) * (at % 2 === 1 ? 2 : 1);
        sum += doubled > 9 ? doubled - 9 : doubled;
      });
    if (sum % 10 === 0) return number;
  }
  throw new Error("unreachable");
}

/** An IBAN with the right check digits. */
export function iban(country: string, account: string): string {
  const numbers = `${account}${country}00`
    .split("")
    .map((character) => Number.parseInt(character, 36))
    .join("");
  const check = String(98n - (BigInt(numbers) % 97n)).padStart(2, "0");
  return `${country}${check}${account}`;
}
