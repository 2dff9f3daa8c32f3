import type { Action } from "./action.ts";
import type { ValueRule } from "./value-rules.ts";

/** Rules beside the built-in ones. */
export interface RedactorOptions {
  /** By key; the first that matches decides, before the built-in rules. */
  keys?: readonly KeyRule[];
  /** By what a text looks like; before the built-in rules. */
  values?: readonly (ValueRule & { action?: Action })[];
  /** Keys (`*` for any text) whose values are never hidden for their key's sake; they are still searched. */
  allowKeys?: readonly string[];
  /** Personal data that is hidden too. */
  optIn?: readonly ("email" | "phone" | "ip")[];
  /** What is done where a rule does not say; `[REDACTED]`. */
  action?: Action;
  /** Of the keyed tokens; without one they are `[REDACTED]`. */
  hmacKey?: string;
}

export interface KeyRule {
  id: string;
  /** A key, without regard to case; `*` stands for any text. */
  match: string;
  action?: Action;
}

const remembered = 10_000;
/** Customer text: only its beginning may travel. */
const builtIn: readonly KeyRule[] = [
  { id: "ticket-description", match: "ticket.description", action: { kind: "cut", length: 100 } },
];

/** The rule that a key falls under; undefined where its value may stay. */
export function compileKeyRules(
  { keys = [], allowKeys = [], action = { kind: "redact" } }: RedactorOptions,
  isSensitive: (key: string) => boolean,
): (key: string) => { id: string; action: Action } | undefined {
  const rules = [...keys, ...builtIn].map((rule) => ({
    id: rule.id,
    parts: partsOf(rule.match),
    action: rule.action ?? action,
  }));
  const allowed = allowKeys.map(partsOf);
  const sensitive = { id: "sensitive-key", action };
  const known = new Map<string, { id: string; action: Action } | undefined>();
  const decide = (key: string) => {
    const lower = key.toLowerCase();
    const own = rules.find(({ parts }) => matches(lower, parts));
    if (own !== undefined) return own;
    if (allowed.some((parts) => matches(lower, parts))) return undefined;
    return isSensitive(key) ? sensitive : undefined;
  };
  return (key) => {
    const answer = known.get(key);
    if (answer !== undefined || known.has(key)) return answer;
    const rule = decide(key);
    if (known.size >= remembered) known.clear();
    if (key.length <= 256) known.set(key, rule);
    return rule;
  };
}

function partsOf(pattern: string): string[] {
  return pattern.toLowerCase().split("*");
}

/** Each fixed part is looked for once, from where the one before ended. */
function matches(text: string, [first = "", ...others]: readonly string[]): boolean {
  const last = others.at(-1);
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of others.slice(0, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
