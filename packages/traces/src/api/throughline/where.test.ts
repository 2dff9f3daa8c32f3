import { ThroughlineError } from "@throughline/api/errors";
import { expect, test } from "vitest";
import { parseWhere } from "./where.ts";

const is = (attribute: string, text: string) => ({ attribute, test: { is: "=", text } });

test.each([
  ["a = 1", is("a", "1")],
  ['"a b" = "c \\"d\\" \\\\"', is("a b", 'c "d" \\')],
  ["a exists", { attribute: "a", test: { is: "exists" } }],
  ["a EXISTS", { attribute: "a", test: { is: "exists" } }],
  ["a != b", { attribute: "a", test: { is: "!=", text: "b" } }],
  ["a >= 1.5", { attribute: "a", test: { is: ">=", number: 1.5 } }],
  ["a < -2e3", { attribute: "a", test: { is: "<", number: -2000 } }],
  ['a =~ "^x(y|z)$"', { attribute: "a", test: { is: "=~", pattern: "^x(y|z)$" } }],
  ["a !~ x", { attribute: "a", test: { is: "!~", pattern: "x" } }],
  ["resource:host.name = web", { ...is("host.name", "web"), place: "resource" }],
  ["event:a:b = c", { ...is("a:b", "c"), place: "event" }],
  ["other:a = b", is("other:a", "b")],
  [":status = error", { field: "status", test: { is: "=", text: "error" } }],
  [":duration > 1m30s", { field: "duration", test: { is: ">", number: 90e9 } }],
  [":duration = 1ms", { field: "duration", test: { is: "=", text: "1000000" } }],
  ["a = 1 or b = 2 and c = 3", { any: [is("a", "1"), { all: [is("b", "2"), is("c", "3")] }] }],
  ["(a = 1 or b = 2) and c = 3", { all: [{ any: [is("a", "1"), is("b", "2")] }, is("c", "3")] }],
  ["not a = 1 and b = 2", { all: [{ not: is("a", "1") }, is("b", "2")] }],
  ["a=1 AND b=2", { all: [is("a", "1"), is("b", "2")] }],
])("%s is read", (text, condition) => {
  expect(parseWhere(text)).toEqual(condition);
});

test.each([
  ["", "ends where a name was expected"],
  ["a", "ends where an operator behind a was expected"],
  ["a =", "ends where a value behind a = was expected"],
  ["a = b c", 'expected the end at "c" (character 6)'],
  ["a b c", 'expected an operator behind "a", not "b"'],
  ["(a = b", "has a parenthesis that is not closed"],
  ['a = "b', "cannot be read from character 4 on"],
  [":colour = red", 'names no field ":colour"'],
  ["a > b", 'compares a with "b", which is no number'],
  ["a =~ (", "expected a value behind"],
  ['a =~ "("', "has an expression that RE2 cannot read: ("],
  ['a =~ "(?=x)"', "has an expression that RE2 cannot read"],
  [":duration > 5", "must be a duration"],
  [`${"not ".repeat(60)}a = b`, "is nested deeper than 50"],
  [`${"(".repeat(60)}a = b${")".repeat(60)}`, "is nested deeper than 50"],
  ["a".repeat(5_000), "must not be longer than 4096 characters"],
])("%s is refused, and says why", (text, reason) => {
  expect(() => parseWhere(text)).toThrow(ThroughlineError);
  expect(() => parseWhere(text)).toThrow(reason);
});
