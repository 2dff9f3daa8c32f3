import type { Action } from "./action.ts";
import { createActions } from "./actions.ts";
import { type Range, findAssignments } from "./assignments.ts";
import { compileKeyRules, type RedactorOptions } from "./options.ts";
import { createKeyJudge } from "./sensitive-key.ts";
import { builtInRules, optInRules, type ValueRule } from "./value-rules.ts";
import { vendorHint, vendorOf, vendorPattern } from "./vendor-tokens.ts";
import { cleanSpan, cleanValue, type RedactableSpan } from "./walker.ts";

/** A secret that was found: where, by which rule, and what is done about it. */
export interface Finding extends Range {
  rule: string;
  action: Action;
  /** Of the assignment that it was found in. */
  key?: string;
}

/** How often something was hidden since the start, by rule; `failed`: values that were dropped because redacting them threw. */
export interface RedactionCounts {
  byRule: Readonly<Record<string, number>>;
  failed: number;
}

export interface Redactor {
  /** True when values under this key must never leave: `api_key`, `db.password`, `x-access-token`. */
  isSensitiveKey(key: string): boolean;
  /** Free text (span names, status messages, log lines) without the credentials in it. Never throws. */
  text(text: string): string;
  /** An attribute's key, itself without credentials. */
  key(key: string): string;
  /** A string under a key: hidden, hashed, cut or cleaned; undefined where nothing of it may stay. Never throws. */
  string(key: string, value: string): string | undefined;
  /** Any attribute value, nested ones too; booleans and numbers stay. undefined where nothing of it may stay. Never throws. */
  value(key: string, value: unknown): unknown;
  /** A cleaned copy of a span: every string that it holds. */
  span<S extends RedactableSpan>(span: S): S;
  /** What would be hidden in a text, in order; nothing overlaps. */
  findings(text: string): Finding[];
  counts(): RedactionCounts;
}

/** Values longer than this are cut before they are searched: a value of megabytes must not hold the process. */
const searchedAtMost = 256 * 1024;
/** Values up to this that were found clean are remembered. */
const rememberedLength = 80;
const rememberedAtMost = 4_096;
/** Shorter texts hold no secret that could be told from a word. */
const shortest = 6;
/** Shorter ones hold none that its own looks give away. */
const shortestToken = 15;
/** Hex digits and UUIDs of any length are ids. */
const isId = /^[0-9a-f-]*[a-f][0-9a-f-]*$/;
const suspectWords =
  /pass|pwd|pw\b|pin\b|pword|secret|token|key|auth|cred|cookie|jwt|sessid|bearer|basic|digest|kennwort|contra|mot de|ssn|cvv|cvc|splunk|ssws|hawk|ntlm|negotiate|aws|akia|asia|oracle/i;
/** What any secret without such a word has: a long run, an address with a user, groups of digits, a country's code, dashes, a parameter. */
const suspectLooks =
  /[\w+/=~-]{16}|:\/\/|\d[ -]?\d{3}[ -]?\d{4,6}|[A-Za-z]{2}\d{2} ?[A-Za-z0-9]{4}|-{4}|[?&;][\w-]{1,40}=|\s-[pua]/;
/** Tokens whose beginning is short enough to begin a name as well. */
const needsDigit = new Set([
  "openai-key",
  "vault-legacy-token",
  "gitlab-token",
  "slack-app-token",
  "facebook-token",
  "google-oauth-token",
]);

/** A quick look that most texts do not pass. */
function mayHoldSecret(text: string): boolean {
  if (isId.test(text)) return false;
  return suspectWords.test(text) || (text.length >= shortestToken && suspectLooks.test(text));
}

/** Compiles the rules once; the redactor holds no other state than what it remembers and counts, and may be shared. */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const judge = createKeyJudge();
  const actions = createActions(options);
  const ofKey = compileKeyRules(options, judge);
  const isSensitiveKey = (key: string) => ofKey(key) !== undefined && ofKey(key)?.action.kind !== "cut";
  const custom: (ValueRule & { action: Action })[] = (options.values ?? []).map((rule) => ({
    ...rule,
    action: actions.of(rule.action),
  }));
  const rules = [...builtInRules, ...(options.optIn ?? []).map((name): ValueRule => optInRules[name])].map(
    (rule) => ({ ...rule, action: actions.standard }),
  );
  const counts = new Map<string, number>();
  const clean = new Set<string>();
  let failed = 0;

  /** Then the quick look does not suffice: it knows the built-in rules. */
  const isExtended = custom.length > 0 || options.optIn !== undefined;

  const count = (rule: string) => counts.set(rule, (counts.get(rule) ?? 0) + 1);

  const findings = (text: string): Finding[] => {
    const found: Finding[] = [];
    for (const rule of custom) collect(rule, text, found);
    if (vendorHint.test(text)) {
      vendorPattern.lastIndex = 0;
      for (let match = vendorPattern.exec(text); match !== null; match = vendorPattern.exec(text)) {
        const id = vendorOf(match);
        if (!needsDigit.has(id) || /\d|[A-Za-z]{20}/.test(match[0].slice(3)))
          found.push({
            rule: id,
            action: actions.standard,
            start: match.index,
            end: match.index + match[0].length,
          });
      }
    }
    if (suspectWords.test(text)) {
      findAssignments(text, isSensitiveKey, ({ start, end }, key) => {
        found.push({ rule: "assignment", action: ofKey(key)?.action ?? actions.standard, start, end, key });
      });
    }
    for (const rule of rules) collect(rule, text, found);
    return withoutOverlaps(found);
  };

  const replaced = (text: string): string => {
    const found = findings(text);
    if (found.length === 0) return text;
    let out = "";
    let at = 0;
    for (const { rule, action, start, end } of found) {
      count(rule);
      out += text.slice(at, start) + (actions.apply(action, text.slice(start, end)) ?? "");
      at = end;
    }
    return out + text.slice(at);
  };

  const search = (text: string): string => {
    if (text.length < shortest || (!isExtended && !mayHoldSecret(text)) || clean.has(text)) return text;
    const whole = text.length <= searchedAtMost;
    const out = whole
      ? replaced(text)
      : `${replaced(text.slice(0, searchedAtMost))}… [cut: ${text.length - searchedAtMost} more characters]`;
    if (out === text && text.length <= rememberedLength) {
      if (clean.size >= rememberedAtMost) clean.clear();
      clean.add(text);
    }
    return out;
  };

  /** It fails closed: what cannot be redacted does not leave. */
  const closed = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch {
      failed++;
      return otherwise;
    }
  };

  const string = (key: string, value: string): string | undefined => {
    const rule = ofKey(key);
    if (rule === undefined) return search(value);
    count(rule.id);
    // What is cut off must not leave half a secret: first it is cleaned.
    return actions.apply(rule.action, rule.action.kind === "cut" ? search(value) : value);
  };

  const parts = {
    isSensitiveKey,
    text: (text: string) => closed(() => search(text), actions.placeholder),
    key: (key: string) => closed(() => search(key), actions.placeholder),
    string: (key: string, value: string) => closed(() => string(key, value), undefined),
  };
  const value = (key: string, item: unknown) => closed(() => cleanValue(key, item, parts), undefined);
  return {
    ...parts,
    value,
    span: (span) => cleanSpan(span, { ...parts, value }),
    findings,
    counts: () => ({ byRule: Object.fromEntries(counts), failed }),
  };
}

function collect({ id, find, action }: ValueRule & { action: Action }, text: string, found: Finding[]): void {
  find(text, ({ start, end }) => found.push({ rule: id, action, start, end }));
}

/** In order; of two that overlap, the one that begins first and then the longer takes in the other. */
function withoutOverlaps(found: Finding[]): Finding[] {
  if (found.length < 2) return found;
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Finding[] = [];
  for (const finding of found) {
    const last = out.at(-1);
    if (last === undefined || finding.start >= last.end) out.push(finding);
    else if (finding.end > last.end) last.end = finding.end;
  }
  return out;
}
