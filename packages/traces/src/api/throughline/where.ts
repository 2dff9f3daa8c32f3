import { RE2JS } from "re2js";
import type { AttributePlace, Condition, SpanField, ValueTest } from "../../query/condition.ts";
import { readDurations } from "../parameters/go-values.ts";
import { wrongParameter } from "../parameters/query.ts";

/**
 * The language of `where`:
 *   condition  any of them joined by `and`, `or`, `not`, parentheses; `and` binds closer than `or`
 *   test       NAME (= | != | < | <= | > | >= | =~ | !~) VALUE, or NAME exists
 *   NAME       an attribute's key wherever it stands; `span.`, `resource.`, `scope.`, `event.` or `link.` before it and a colon say where
 *              (`resource:host.name`); fields of the span begin with a colon: `:name`, `:service`, `:kind`, `:status` (unset, ok, error),
 *              `:statusMessage`, `:scopeName`, `:scopeVersion`, `:traceState`, `:event`, `:duration` (a Go duration)
 *   VALUE      a word, or text in double quotes with \\" and \\\\ ; `=~` and `!~` take an RE2 expression, found anywhere
 */
export function parseWhere(text: string): Condition {
  if (text.length > longest) throw wrongParameter("where", `must not be longer than ${longest} characters`);
  return new Parser(text).whole();
}

const longest = 4_096;
const deepest = 50;
const places: readonly AttributePlace[] = ["span", "resource", "scope", "event", "link"];
const fields: readonly SpanField[] = [
  "name",
  "service",
  "kind",
  "status",
  "statusMessage",
  "scopeName",
  "scopeVersion",
  "traceState",
  "event",
  "duration",
];
const token = /\s*(?:([()])|(!=|=~|!~|<=|>=|=|<|>)|"((?:[^"\\]|\\.)*)"|([^\s()=!<>"~]+))/y;

interface Token {
  kind: "bracket" | "operator" | "text" | "word";
  text: string;
  at: number;
}

class Parser {
  private readonly tokens: Token[] = [];
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    token.lastIndex = 0;
    while (token.lastIndex < text.length && text.slice(token.lastIndex).trim() !== "") {
      const at = token.lastIndex;
      const match = token.exec(text);
      if (match === null) throw wrong(`cannot be read from character ${at + 1} on`);
      const [, bracket, operator, quoted, word] = match;
      if (bracket !== undefined) this.tokens.push({ kind: "bracket", text: bracket, at });
      else if (operator !== undefined) this.tokens.push({ kind: "operator", text: operator, at });
      else if (quoted !== undefined)
        this.tokens.push({ kind: "text", text: quoted.replace(/\\(.)/gs, "$1"), at });
      else this.tokens.push({ kind: "word", text: word ?? "", at });
    }
  }

  whole(): Condition {
    const condition = this.either();
    const rest = this.tokens[this.at];
    if (rest !== undefined) throw wrong(`expected the end at "${rest.text}" (character ${rest.at + 1})`);
    return condition;
  }

  private either(): Condition {
    const parts = [this.both()];
    while (this.takesWord("or")) parts.push(this.both());
    return parts.length === 1 ? (parts[0] as Condition) : { any: parts };
  }

  private both(): Condition {
    const parts = [this.one()];
    while (this.takesWord("and")) parts.push(this.one());
    return parts.length === 1 ? (parts[0] as Condition) : { all: parts };
  }

  private one(): Condition {
    if (++this.depth > deepest) throw wrong(`is nested deeper than ${deepest}`);
    try {
      if (this.takesWord("not")) return { not: this.one() };
      if (this.takes("bracket", "(")) {
        const inner = this.either();
        if (!this.takes("bracket", ")")) throw wrong("has a parenthesis that is not closed");
        return inner;
      }
      return this.test();
    } finally {
      this.depth--;
    }
  }

  private test(): Condition {
    const name = this.next("a name");
    if (name.kind !== "word" && name.kind !== "text") throw wrong(`expected a name at "${name.text}"`);
    if (this.takesWord("exists")) return subject(name.text, { is: "exists" });
    const operator = this.next(`an operator behind ${name.text}`);
    if (operator.kind !== "operator")
      throw wrong(`expected an operator behind "${name.text}", not "${operator.text}"`);
    const value = this.next(`a value behind ${name.text} ${operator.text}`);
    if (value.kind !== "word" && value.kind !== "text")
      throw wrong(`expected a value behind "${operator.text}"`);
    return subject(name.text, valueTest(name.text, operator.text, value.text));
  }

  private next(what: string): Token {
    const found = this.tokens[this.at++];
    if (found === undefined) throw wrong(`ends where ${what} was expected`);
    return found;
  }

  private takesWord(word: string): boolean {
    return this.takes("word", word);
  }

  private takes(kind: Token["kind"], text: string): boolean {
    const found = this.tokens[this.at];
    if (found?.kind !== kind || found.text.toLowerCase() !== text) return false;
    this.at++;
    return true;
  }
}

function subject(name: string, test: ValueTest): Condition {
  const colon = name.indexOf(":");
  if (colon === 0) {
    const field = fields.find((one) => one === name.slice(1));
    if (field === undefined)
      throw wrong(`names no field "${name}": there are ${fields.map((one) => `:${one}`).join(", ")}`);
    return { field, test };
  }
  const place = places.find((one) => one === name.slice(0, Math.max(0, colon)));
  return place === undefined ? { attribute: name, test } : { attribute: name.slice(colon + 1), place, test };
}

function valueTest(name: string, operator: string, value: string): ValueTest {
  switch (operator) {
    case "=~":
    case "!~":
      try {
        RE2JS.compile(value);
      } catch {
        throw wrong(`has an expression that RE2 cannot read: ${value}`);
      }
      return { is: operator, pattern: value };
    case "=":
    case "!=":
      return { is: operator, text: name === ":duration" ? String(nanoseconds(value)) : value };
    default: {
      const number = name === ":duration" ? nanoseconds(value) : Number(value);
      if (Number.isNaN(number) || value.trim() === "")
        throw wrong(`compares ${name} with "${value}", which is no number`);
      return { is: operator as "<" | "<=" | ">" | ">=", number };
    }
  }
}

function nanoseconds(text: string): number {
  const { durationMin } = readDurations({ name: "where", text }, { name: "where", text: undefined });
  return Number(durationMin ?? 0n);
}

function wrong(what: string): Error {
  return wrongParameter("where", what);
}
