import { expect, test } from "vitest";
import { completingAt, isCondition, quoted, suggestionsFor } from "./completion.ts";

const at = (text: string) => {
  const cursor = text.indexOf("|");
  const { expects, typed, name } = completingAt(text.replace("|", ""), cursor);
  return [expects, typed, name];
};

test("a condition is name, operator, value, and then another or none", () => {
  expect(at("|")).toEqual(["name", "", undefined]);
  expect(at("tena|")).toEqual(["name", "tena", undefined]);
  expect(at("tenant.id |")).toEqual(["operator", "", "tenant.id"]);
  expect(at("tenant.id =|")).toEqual(["value", "", "tenant.id"]);
  expect(at("tenant.id = ac|")).toEqual(["value", "ac", "tenant.id"]);
  expect(at("tenant.id = acme |")).toEqual(["joint", "", undefined]);
  expect(at("tenant.id = acme an|")).toEqual(["joint", "an", undefined]);
  expect(at("tenant.id = acme and |")).toEqual(["name", "", undefined]);
  expect(at("not (a exists or |")).toEqual(["name", "", undefined]);
  expect(at("a exists |")).toEqual(["joint", "", undefined]);
  expect(at(':name = "POST /web|')).toEqual(["value", "POST /web", ":name"]);
  expect(at(':name = "POST /x" |')).toEqual(["joint", "", undefined]);
  expect(at("a !|")).toEqual(["operator", "!", "a"]);
});

test("only what stands before the cursor counts", () => {
  expect(at("te| = acme")).toEqual(["name", "te", undefined]);
});

test("a suggestion takes the place of what is typed, in quotes where it must be", () => {
  const known = [
    { text: "tenant.id", spans: 7 },
    { text: "http.route", spans: 3 },
  ];
  expect(suggestionsFor("ten", 3, known)).toEqual([
    { text: "tenant.id ", cursor: 10, label: "tenant.id", spans: 7 },
  ]);
  expect(suggestionsFor("a = 1 and rou", 13, known)[0]?.text).toBe("a = 1 and http.route ");
  expect(suggestionsFor("te = acme", 2, known)[0]).toMatchObject({ text: "tenant.id = acme", cursor: 10 });
  const values = [{ text: "POST /web hook", spans: 2 }];
  expect(suggestionsFor(":name = po", 10, values)[0]?.text).toBe(':name = "POST /web hook" ');
  expect(suggestionsFor("a ", 2, known).map(({ label }) => label)).toContain("exists");
  expect(suggestionsFor(":status = ", 10, []).map(({ label }) => label)).toEqual(["error", "ok", "unset"]);
});

test("a word alone is an id, everything else a condition", () => {
  expect(["TICKET-456", "4bf92f3577b34da6a3ce929d0e0e4736", " T-1 "].map(isCondition)).toEqual([
    false,
    false,
    false,
  ]);
  expect(["a=b", "error exists", ":duration>1s", "not (a)"].map(isCondition)).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("words of the language and odd texts are quoted", () => {
  expect([quoted("a.b"), quoted("and"), quoted('say "x"'), quoted("")]).toEqual([
    "a.b",
    '"and"',
    '"say \\"x\\""',
    '""',
  ]);
});
