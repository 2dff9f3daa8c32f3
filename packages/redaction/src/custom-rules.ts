import { RE2JS } from "re2js";
import type { Action } from "./action.ts";
import type { KeyRule, RedactorOptions } from "./options.ts";
import type { ValueRule } from "./value-rules.ts";

/** A rule that cannot be used; the message names rule, field, value and what is allowed. */
export class RedactionRuleError extends Error {
  override readonly name = "RedactionRuleError";
}

const optIns = ["email", "phone", "ip"] as const;
const patternAtMost = 1_000;

/**
 * Rules of an operator, as JSON: `{"keys": [{"name", "match", "action"}], "values": [{"name", "pattern", "ignoreCase", "action"}],
 * "allowKeys": [], "optIn": ["email", "phone", "ip"], "action"}`. Actions are `redact`, `hmac`, `drop` and `cut:N`. Patterns are RE2's:
 * whatever they say, they take time in proportion to the text. Throws RedactionRuleError.
 */
export function parseRedactionRules(json: string, hmacKey?: string): RedactorOptions {
  const rules = objectOf(parsed(json), "the rules", ["keys", "values", "allowKeys", "optIn", "action"]);
  const options: RedactorOptions = {
    keys: listOf(rules["keys"], "keys").map((rule, at) => keyRule(rule, `keys[${at}]`)),
    values: listOf(rules["values"], "values").map((rule, at) => valueRule(rule, `values[${at}]`)),
    allowKeys: listOf(rules["allowKeys"], "allowKeys").map((key, at) => textOf(key, `allowKeys[${at}]`)),
    ...(rules["optIn"] === undefined ? {} : { optIn: listOf(rules["optIn"], "optIn").map(optIn) }),
    ...(rules["action"] === undefined ? {} : { action: actionOf(rules["action"], "action") }),
    ...(hmacKey === undefined ? {} : { hmacKey }),
  };
  const all = [
    options.action,
    ...(options.keys ?? []).map(({ action }) => action),
    ...(options.values ?? []).map(({ action }) => action),
  ];
  if (hmacKey === undefined && all.some((action) => action?.kind === "hmac"))
    throw new RedactionRuleError(`a rule says "hmac" and there is no key: set THROUGHLINE_REDACTION_KEY.`);
  return options;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new RedactionRuleError(`the rules are no JSON: ${String(cause)}`, { cause });
  }
}

function keyRule(rule: unknown, where: string): KeyRule {
  const fields = objectOf(rule, where, ["name", "match", "action"]);
  return {
    id: textOf(fields["name"], `${where}.name`),
    match: textOf(fields["match"], `${where}.match`),
    ...actionField(fields, where),
  };
}

function valueRule(rule: unknown, where: string): ValueRule & { action?: Action } {
  const fields = objectOf(rule, where, ["name", "pattern", "ignoreCase", "action"]);
  const source = textOf(fields["pattern"], `${where}.pattern`);
  if (source.length > patternAtMost)
    throw wrong(`${where}.pattern`, "a longer text", `at most ${patternAtMost} characters`);
  const ignoreCase = fields["ignoreCase"];
  if (ignoreCase !== undefined && typeof ignoreCase !== "boolean")
    throw wrong(`${where}.ignoreCase`, ignoreCase, "true or false");
  return {
    id: textOf(fields["name"], `${where}.name`),
    find: compiled(source, ignoreCase === true, `${where}.pattern`),
    ...actionField(fields, where),
  };
}

function compiled(source: string, ignoreCase: boolean, where: string): NonNullable<ValueRule["find"]> {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (cause) {
    throw new RedactionRuleError(
      `${where} is "${source}": not a regular expression of RE2 (no look-around, no back-references): ${String(cause)}`,
      { cause },
    );
  }
  if (expression.matcher("").find())
    throw wrong(where, source, "an expression that does not match the empty text");
  return (text, found) => {
    const matcher = expression.matcher(text);
    while (matcher.find()) found({ start: matcher.start(), end: matcher.end() });
  };
}

function actionField(fields: Record<string, unknown>, where: string): { action?: Action } {
  return fields["action"] === undefined ? {} : { action: actionOf(fields["action"], `${where}.action`) };
}

function actionOf(value: unknown, where: string): Action {
  if (value === "redact" || value === "hmac" || value === "drop") return { kind: value };
  const cut = typeof value === "string" ? /^cut:(\d{1,6})$/.exec(value) : null;
  if (cut === null) throw wrong(where, value, "redact, hmac, drop or cut:N");
  return { kind: "cut", length: Number(cut[1]) };
}

function optIn(value: unknown, at: number): (typeof optIns)[number] {
  const found = optIns.find((name) => name === value);
  if (found === undefined) throw wrong(`optIn[${at}]`, value, `one of ${optIns.join(", ")}`);
  return found;
}

function objectOf(value: unknown, where: string, allowed: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(where, value, `an object with ${allowed.join(", ")}`);
  const unknown = Object.keys(value).find((key) => !allowed.includes(key));
  if (unknown !== undefined)
    throw new RedactionRuleError(`${where} has "${unknown}": expected only ${allowed.join(", ")}.`);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(where, value, "a list");
  return value;
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw wrong(where, value, "a text that is not empty");
  return value;
}

function wrong(where: string, value: unknown, allowed: string): RedactionRuleError {
  return new RedactionRuleError(`${where} is ${JSON.stringify(value) ?? "missing"}: expected ${allowed}.`);
}
