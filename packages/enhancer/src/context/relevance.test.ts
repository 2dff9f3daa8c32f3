import { trace } from "@opentelemetry/api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../database/open.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { storeTickets } from "../history/store-tickets.ts";
import { ContextSearch } from "./context-search.ts";
import { gatherContext } from "./gather.ts";

let directory: string;
let database: EnhancerDatabase;
let search: ContextSearch;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-relevance-"));
  const file = join(directory, "throughline.db");
  database = openDatabase({ file });
  search = new ContextSearch(database, { file });
});

afterEach(async () => {
  await search.close();
  await database.destroy();
  await rm(directory, { recursive: true });
});

async function resolved(tenantId: string, subjects: readonly string[]): Promise<void> {
  const rows = subjects.map((subject, at) => ({
    ticket_id: `T-${at}`,
    subject,
    description: "",
    resolution: `Done ${subject}.`,
  }));
  await storeTickets(database, tenantId, rows);
}

async function found(description: string): Promise<string[]> {
  const ticket = {
    tenantId: "acme",
    ticketId: "N-1",
    event: "e",
    description,
    priority: "low",
    createdAt: "",
  } as const;
  const context = await gatherContext(ticket, {
    search,
    tracer: trace.getTracer("unregistered"),
    budgetMs: 30_000,
    signal: new AbortController().signal,
  });
  expect(context.missing).toEqual([]);
  return context.tickets.map(({ title }) => title);
}

test("words that only another tenant has do not crowd out this tenant's", async () => {
  const foreign = Array.from({ length: 100 }, (_, at) => `foreign${at}x`);
  await resolved("other", foreign);
  await resolved("acme", ["VPN certificate expired", "VPN slow", "certificate list"]);
  // A word in many rows of the other tenant is common there and yet this tenant's own.
  await resolved(
    "third",
    Array.from({ length: 600 }, () => "certificate vpn"),
  );
  expect(await found(`${foreign.join(" ")} vpn certificate`)).toEqual(["VPN certificate expired"]);
});

test("different words that begin alike are two, forms of one word are one", async () => {
  await resolved("acme", ["internet interface down", "printer printers printing", "cable", "lamp"]);
  expect(await found("No internet on the second interface of the cable lamp router")).toEqual([
    "internet interface down",
  ]);
  expect(await found("printers stopped printing near the cable and some lamp")).toEqual([]);
});

test("a rare code is reason enough, a rare word of a long ticket is not", async () => {
  await resolved("acme", ["Update fails with 0x80070643", "lamp", "desk chair"]);
  expect(await found("Windows says 0x80070643 while a lamp blinks at the chair")).toContain(
    "Update fails with 0x80070643",
  );
  expect(await found("lamp and chair blink: somebody complained")).toEqual([]);
});

test("a ticket of a word or two finds what has one of them", async () => {
  await resolved("acme", ["VPN certificate expired", "Printer jam"]);
  expect(await found("VPN broken")).toEqual(["VPN certificate expired"]);
});

test("what stands far back in a long ticket is still found", async () => {
  await resolved("acme", ["zebra giraffe enclosure", "filler"]);
  const filler = Array.from({ length: 100 }, (_, at) => `filler${String.fromCharCode(97 + (at % 26))}${at}`);
  expect(await found(`${filler.join(" ")} zebra giraffe`)).toEqual(["zebra giraffe enclosure"]);
});
