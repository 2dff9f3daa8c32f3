import { expect, test } from "vitest";
import { formatTag, parseTags, toQuery } from "./parameters.ts";

test("tags are pairs, values quoted where they hold blanks", () => {
  expect(parseTags('ticket.id=T-1 error.message="403 \\"no\\"" empty=""')).toEqual([
    { key: "ticket.id", value: "T-1" },
    { key: "error.message", value: '403 "no"' },
    { key: "empty", value: "" },
  ]);
});

test("a pair that is written is read as it was", () => {
  for (const value of ["plain", "with blank", 'with "quotes"', "back\\slash", ""]) {
    expect(parseTags(formatTag("key", value))).toEqual([{ key: "key", value }]);
  }
});

test("the form becomes the API's query", () => {
  const query = toQuery(
    { service: "s", tags: "a=1 b=2", minDuration: "1s", lookback: "1h", limit: 5 },
    Date.UTC(2026, 10, 23, 10),
  );
  expect(query.getAll("tag")).toEqual(["a=1", "b=2"]);
  expect(Object.fromEntries(query)).toMatchObject({
    service: "s",
    minDuration: "1s",
    start: "2026-11-23T09:00:00.000Z",
    limit: "5",
  });
});
