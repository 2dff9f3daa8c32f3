/** What may come next in a condition (docs/search.md) where the cursor stands. */
export interface Completing {
  expects: "name" | "operator" | "value" | "joint";
  /** What of it is typed already, without quotes. */
  typed: string;
  /** Where that begins in the text. */
  from: number;
  /** Of an operator or a value: the name that it tests. */
  name: string | undefined;
}

const operators = ["=", "!=", ">", ">=", "<", "<=", "=~", "!~", "exists"] as const;
const joints = ["and", "or"];

/** Fields of a span, which are no attributes. */
const fields = [
  ":name",
  ":service",
  ":duration",
  ":status",
  ":kind",
  ":statusMessage",
  ":event",
  ":scopeName",
  "error",
] as const;

/** Values of fields that have few. */
const fieldValues: Readonly<Record<string, readonly string[]>> = {
  ":kind": ["server", "client", "internal", "producer", "consumer"],
  ":status": ["error", "ok", "unset"],
  error: ["true"],
};

const token = /\s*("(?:[^"\\]|\\.)*"?|[=!<>~]+|[()]|[^\s=!<>~()"]+)/y;

/** Reads the text up to the cursor, as far as it is one. */
export function completingAt(text: string, cursor: number): Completing {
  const before = text.slice(0, cursor);
  let expects: Completing["expects"] = "name";
  let name: string | undefined;
  token.lastIndex = 0;
  for (let match = token.exec(before); match !== null; match = token.exec(before)) {
    const word = match[1] ?? "";
    const end = match.index + match[0].length;
    const isLast = end === before.length;
    if (isLast && isOpen(word, expects))
      return { expects, typed: unquoted(word), from: end - word.length, name };
    [expects, name] = after(word, expects, name);
  }
  return { expects, typed: "", from: cursor, name };
}

/** A word that is not ended by what stands behind it is still being typed. */
function isOpen(word: string, expects: Completing["expects"]): boolean {
  if (word === "(" || word === ")") return false;
  if (expects === "value" && /^".*[^\\]"$/s.test(word)) return false;
  return (
    expects !== "operator" || !operators.includes(word as (typeof operators)[number]) || word === "exists"
  );
}

function after(
  word: string,
  expects: Completing["expects"],
  name: string | undefined,
): [Completing["expects"], string | undefined] {
  if (word === "(" || /^(?:and|or|not)$/i.test(word)) return ["name", undefined];
  if (word === ")") return ["joint", undefined];
  switch (expects) {
    case "name":
      return ["operator", unquoted(word)];
    case "operator":
      return /^exists$/i.test(word) ? ["joint", undefined] : ["value", name];
    case "value":
    case "joint":
      return ["joint", undefined];
  }
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1).replace(/"$/, "").replace(/\\(.)/gs, "$1") : word;
}

/** A name or value as a condition takes it. */
export function quoted(text: string): string {
  return /^[\w.:@/-]+$/.test(text) && !/^(?:and|or|not|exists)$/i.test(text)
    ? text
    : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

export interface Suggestion {
  /** The whole text once it is taken. */
  text: string;
  /** Where the cursor stands then. */
  cursor: number;
  label: string;
  /** How many spans have it, where that is known. */
  spans: number | undefined;
}

/** Fitting words for where the cursor stands; `known` are the keys or values that the backend has. */
export function suggestionsFor(
  text: string,
  cursor: number,
  known: readonly { text: string; spans: number }[],
): Suggestion[] {
  const { expects, typed, from, name } = completingAt(text, cursor);
  const wanted = typed.toLowerCase();
  const put = (label: string, spans: number | undefined): Suggestion => {
    const word = expects === "name" || expects === "value" ? quoted(label) : label;
    const head = `${text.slice(0, from)}${word} `;
    return { text: head + text.slice(cursor).trimStart(), cursor: head.length, label, spans };
  };
  const words: [string, number | undefined][] =
    expects === "name"
      ? [...known.map(({ text: key, spans }): [string, number] => [key, spans]), ...none(fields)]
      : expects === "value"
        ? [
            ...none(fieldValues[name ?? ""] ?? []),
            ...known.map(({ text: value, spans }): [string, number] => [value, spans]),
          ]
        : none(expects === "operator" ? operators : joints);
  return words
    .filter(([label]) => label.toLowerCase().includes(wanted) && label !== typed)
    .slice(0, 12)
    .map(([label, spans]) => put(label, spans));
}

function none(words: readonly string[]): [string, undefined][] {
  return words.map((word) => [word, undefined]);
}

/** What the box holds: an id where it is one word without a test, otherwise a condition. */
export function isCondition(text: string): boolean {
  return /[=<>~()]|\s/.test(text.trim());
}
