import { expect, test } from "vitest";
import { formatTag, parseTags } from "./tags.ts";

test("tags are key=value, quoted where the value holds blanks", () => {
  expect(parseTags('  ticket.id=TICKET-456 error.message="403 Forbidden"  error=true')).toEqual({
    tags: [
      { key: "ticket.id", value: "TICKET-456" },
      { key: "error.message", value: "403 Forbidden" },
      { key: "error", value: "true" },
    ],
    wrong: undefined,
  });
});

test("a value may hold equals signs, quotes and nothing at all", () => {
  expect(parseTags('query=a=b said="he said \\"no\\" \\\\" empty= also=""').tags).toEqual([
    { key: "query", value: "a=b" },
    { key: "said", value: 'he said "no" \\' },
    { key: "empty", value: "" },
    { key: "also", value: "" },
  ]);
});

test("tags of a link to Jaeger are a JSON object", () => {
  expect(parseTags('{"error":"true","http.status_code":"403"}').tags).toEqual([
    { key: "error", value: "true" },
    { key: "http.status_code", value: "403" },
  ]);
  expect(parseTags('{"error":').wrong).toBe('{"error":');
});

test("what is no tag is named", () => {
  expect(parseTags("ticket.id=T-1 oops more=1").wrong).toBe("oops");
  expect(parseTags("=x").wrong).toBe("=x");
});

test("no text is no tags", () => {
  expect(parseTags(" ")).toEqual({ tags: [], wrong: undefined });
});

test("a value of any content is read back as it was written", () => {
  for (const value of ["plain", "two words", 'a "quote"', "back\\slash", "", "line\nbreak", "a=b"]) {
    expect(parseTags(`x=1 ${formatTag({ key: "k", value })} y=2`).tags[1]).toEqual({ key: "k", value });
  }
});
