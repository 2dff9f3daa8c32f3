import { sql } from "kysely";
import { expect, test } from "vitest";
import { refreshStatistics } from "../../packages/enhancer/src/history/write-terms.ts";
import { bothDatabases } from "./both-databases.ts";

const { open } = bothDatabases();
const rows = 400;

test("rows that PostgreSQL's searches walk through are small, also once they were changed", async () => {
  const context = await open("PostgreSQL");
  const tickets = (edition: string) =>
    Array.from({ length: rows }, (_, at) => ({
      ticket_id: `A-${at}`,
      subject: `Printer ${at}`,
      description: Array.from({ length: 80 }, (_word, word) => `${edition}${at}word${word}`).join(" "),
      resolution: `Replaced part ${at}.`,
    }));
  await context.tickets("acme", tickets("first"));
  await context.tickets("acme", tickets("second"));
  await refreshStatistics(context.store.database);
  const { rows: sizes } = await sql<{ heap: number; terms: number }>`
    select pg_relation_size('ticket_history_terms')::float8 as heap, sum(pg_column_size(terms))::float8 as terms
    from ticket_history_terms`.execute(context.store.database);
  const [{ heap, terms } = { heap: 0, terms: 0 }] = sizes;
  expect(terms / rows).toBeGreaterThan(500);
  // What was there before the change takes its room too.
  expect(heap / rows).toBeLessThan(2 * 150);
  expect(await context.ticketIds("acme", "second7word3 second7word4")).toEqual(["A-7"]);
  expect(await context.ticketIds("acme", "first7word3 first7word4")).toEqual([]);
});
