import { RE2JS } from "re2js";
import type { ScalarType, ValueTest } from "../../query/condition.ts";
import { readNumber, valueText, valueType } from "../head/value-bytes.ts";

/** Whether a value's bytes (see `head/value-bytes.ts`) meet a test. */
export type ValueMatcher = (bytes: Buffer, start: number, end: number) => boolean;

export function valueMatcher(test: ValueTest): ValueMatcher {
  switch (test.is) {
    case "exists":
      return () => true;
    case "=":
      return typed(test.type, textEquals(test.text));
    case "!=": {
      const equals = typed(test.type, textEquals(test.text));
      return (bytes, start, end) => !equals(bytes, start, end);
    }
    case "=~":
    case "!~": {
      const pattern = RE2JS.compile(test.pattern);
      return (bytes, start, end) => pattern.test(valueText(bytes, start, end)) === (test.is === "=~");
    }
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const holds = numberTest(test);
      return (bytes, start, end) => {
        const value = readNumber(bytes, start, end);
        return value !== undefined && holds(value);
      };
    }
  }
}

export function textMatcher(test: ValueTest): (text: string) => boolean {
  const matches = valueMatcher(test);
  return (text) => {
    const bytes = Buffer.from(`\u0001${text}`, "utf8");
    return matches(bytes, 0, bytes.length);
  };
}

export function numberTest(test: ValueTest): (value: number) => boolean {
  switch (test.is) {
    case "exists":
      return () => true;
    case "<":
      return (value) => value < test.number;
    case "<=":
      return (value) => value <= test.number;
    case ">":
      return (value) => value > test.number;
    case ">=":
      return (value) => value >= test.number;
    case "=":
    case "!=":
    case "=~":
    case "!~": {
      const matches = textMatcher(test);
      return (value) => matches(String(value));
    }
  }
}

/** Whether a test can hold for some number between these two. */
export function mayHold(test: ValueTest, smallest: number, largest: number): boolean {
  switch (test.is) {
    case "<":
      return smallest < test.number;
    case "<=":
      return smallest <= test.number;
    case ">":
      return largest > test.number;
    case ">=":
      return largest >= test.number;
    case "=":
    case "!=":
    case "=~":
    case "!~":
    case "exists":
      return true;
  }
}

function typed(type: ScalarType | undefined, matches: ValueMatcher): ValueMatcher {
  if (type === undefined) return matches;
  return (bytes, start, end) => bytes[start] === valueType[type] && matches(bytes, start, end);
}

function textEquals(text: string): ValueMatcher {
  const wanted = Buffer.from(text, "utf8");
  return (bytes, start, end) => {
    if (bytes[start] !== valueType.string) return valueText(bytes, start, end) === text;
    return end - start - 1 === wanted.length && bytes.compare(wanted, 0, wanted.length, start + 1, end) === 0;
  };
}
