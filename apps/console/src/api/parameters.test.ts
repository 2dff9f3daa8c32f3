import { expect, test } from "vitest";
import {
  formatUrlSearch,
  lookbackMs,
  parseUrlSearch,
  searchQuery,
  searchView,
  ticketsQuery,
  ticketsView,
} from "./parameters.ts";

const now = Date.parse("2026-11-23T12:00:00Z");

test("the form's view becomes the API's query, one parameter for each tag", () => {
  const view = searchView.parse({
    service: "web",
    tags: 'ticket.id=T-1 note="a b"',
    minDuration: "1.5s",
    lookback: "1h",
    limit: "20",
    status: "error",
  });
  expect([...searchQuery(view, now)]).toEqual([
    ["service", "web"],
    ["minDuration", "1.5s"],
    ["status", "error"],
    ["tag", "ticket.id=T-1"],
    ["tag", "note=a b"],
    ["start", "2026-11-23T11:00:00.000Z"],
    ["limit", "20"],
  ]);
});

test("a ticket that is named is looked for however old it is", () => {
  expect(searchQuery(searchView.parse({ q: "T-1" }), now).has("start")).toBe(false);
  expect(searchQuery(searchView.parse({}), now).get("start")).toBe("2026-11-21T12:00:00.000Z");
  expect(searchQuery(searchView.parse({ lookback: "all" }), now).has("start")).toBe(false);
});

test("a link of an alert names the window in which to look, as Jaeger's own links do", () => {
  const link = { start: "1795521600000000", end: "1795525200000000", lookback: "custom", q: "T-1" };
  const query = searchQuery(searchView.parse(link), now);
  expect(query.get("start")).toBe("2026-11-24T12:00:00.000Z");
  expect(query.get("end")).toBe("2026-11-24T13:00:00.000Z");
  // A look-back that is chosen afterwards counts.
  const looking = searchQuery(searchView.parse({ ...link, lookback: "1h" }), now);
  expect(looking.get("start")).toBe("2026-11-23T11:00:00.000Z");
  expect(looking.has("end")).toBe(false);
});

test("a parameter that does not fit is left out", () => {
  expect(searchView.parse({ limit: "many", status: "odd", service: " ", other: "x" })).toEqual({});
  expect(searchView.parse({ limit: "0" })).toEqual({});
  expect(searchView.parse({ start: "soon", end: "-1" })).toEqual({});
  expect(ticketsView.parse({ status: "gone", q: " T-1 " })).toEqual({ q: "T-1" });
});

test("look-backs are counted in seconds to weeks", () => {
  expect(["30s", "15m", "2h", "3d", "1w", "all", "custom", "1y"].map(lookbackMs)).toEqual([
    30_000,
    900_000,
    7_200_000,
    259_200_000,
    604_800_000,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a filter of tickets asks the backend, not the page that happens to be loaded", () => {
  expect([...ticketsQuery({ status: "failed", tenant: "acme", order: "slow" }, undefined)]).toEqual([
    ["limit", "100"],
    ["tenant", "acme"],
    ["status", "failed"],
    ["order", "slow"],
  ]);
  expect(ticketsQuery({ q: "T-1" }, "5.a").toString()).toBe("limit=100&ticket=T-1&cursor=5.a");
});

test("text in the URL stays text", () => {
  const search = { q: "1e5", tags: '{"error":"true"}', service: "a&b=c", limit: 20 };
  expect(parseUrlSearch(formatUrlSearch(search))).toEqual({ ...search, limit: "20" });
  expect(formatUrlSearch({ q: undefined })).toBe("");
});
