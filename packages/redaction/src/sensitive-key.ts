/** The guide's words and their customary spellings; a key is sensitive when its last word is one of them. */
const lastWords = new Set([
  "apikey",
  "apikeys",
  "secret",
  "secrets",
  "password",
  "passwords",
  "passwd",
  "passphrase",
  "pwd",
  "token",
  "tokens",
  "authtoken",
  "authorization",
  "credential",
  "credentials",
  "cookie",
]);
/** Two words that are sensitive only together. */
const lastPairs = new Set([
  "api key",
  "api keys",
  "secret key",
  "private key",
  "access key",
  "signing key",
  "encryption key",
  "technician key",
  "auth key",
  "set cookie",
  "client key",
  "desk key",
]);
/** Counts and names that end in a sensitive word but hold none: LLM usage and paging. */
const harmlessPairs = new Set([
  "output tokens",
  "input tokens",
  "total tokens",
  "max tokens",
  "prompt tokens",
  "completion tokens",
  "reasoning tokens",
  "cached tokens",
]);

const memo = new Map<string, boolean>();
const memoLimit = 10_000;

/**
 * Splits at `_ - . / :` space and camelCase, compares whole words: `api_token`, `x-access-token`, `db.password`,
 * `clientSecret` are sensitive; `gen_ai.usage.output_tokens`, `tokenizer`, `password.expired` are not.
 */
export function isSensitiveKey(key: string): boolean {
  const known = memo.get(key);
  if (known !== undefined) return known;
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  const pair = `${words.at(-2) ?? ""} ${last}`;
  const sensitive = !harmlessPairs.has(pair) && (lastWords.has(last) || lastPairs.has(pair));
  if (memo.size >= memoLimit) memo.clear();
  memo.set(key, sensitive);
  return sensitive;
}
