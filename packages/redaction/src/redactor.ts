import { credentialPatterns } from "./credentials.ts";
import { isSensitiveKey } from "./sensitive-key.ts";

const placeholder = "[REDACTED]";

/** `ticket.description` is customer text: only its beginning may travel. */
const cutKeys: ReadonlyMap<string, number> = new Map([["ticket.description", 100]]);

export interface Redactor {
  /** True when values under this key must never leave: `api_key`, `db.password`, `x-access-token`. */
  isSensitiveKey(key: string): boolean;
  /** Free text (span names, status messages, event names) without the credentials in it. */
  text(text: string): string;
  /** A string value under a key: hidden, cut or cleaned. */
  string(key: string, value: string): string | undefined;
  key(key: string): string;
  value(key: string, value: unknown): unknown;
  counts(): RedactionCounts;
}
export interface RedactionCounts {
  failed: number;
}

/** Compiles the rules once; the redactor holds no state and may be shared. */
export function createRedactor(): Redactor {
  const text = (value: string): string => {
    let out = value;
    for (const { hint, pattern, replacement } of credentialPatterns) {
      if (hint.test(out)) out = out.replace(pattern, replacement);
    }
    return out;
  };
  const value = (key: string, item: unknown): unknown => {
    if (typeof item === "string") return isSensitiveKey(key) ? placeholder : text(item);
    if (typeof item !== "object" || item === null || item instanceof Uint8Array) return item;
    if (isSensitiveKey(key)) return placeholder;
    if (Array.isArray(item)) return item.map((one) => value(key, one));
    return Object.fromEntries(Object.entries(item).map(([name, one]) => [name, value(name, one)]));
  };
  return {
    isSensitiveKey,
    text,
    key: text,
    value,
    counts: () => ({ failed: 0 }),
    string: (key, value) => {
      if (isSensitiveKey(key)) return placeholder;
      const limit = cutKeys.get(key);
      // A cut between two surrogates would leave half a character.
      return text(limit === undefined ? value : value.slice(0, limit).replace(/[\uD800-\uDBFF]$/, ""));
    },
  };
}
