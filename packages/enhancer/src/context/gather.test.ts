import { SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../database/open.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { replaceDocument } from "../history/store-document.ts";
import { type System, upsertSystems } from "../history/store-systems.ts";
import { storeTickets } from "../history/store-tickets.ts";
import { ContextSearch } from "./context-search.ts";
import type { Ticket } from "../ticket.ts";
import { gatherContext } from "./gather.ts";
import { mentionsIn } from "./systems/mentions.ts";

let directory: string;
let database: EnhancerDatabase;
let search: ContextSearch;
let spans: InMemorySpanExporter;
let tracer: ReturnType<TracerProvider["getTracer"]>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-context-"));
  const file = join(directory, "throughline.db");
  database = openDatabase({ file });
  search = new ContextSearch(database, { file });
  spans = new InMemorySpanExporter();
  tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }).getTracer(
    "test",
  );
});

afterEach(async () => {
  await search.close();
  await database.destroy();
  await rm(directory, { recursive: true });
});

async function resolved(
  tenantId: string,
  ticketId: string,
  subject: string,
  resolution: string,
): Promise<void> {
  const row = { ticket_id: ticketId, subject, description: subject, resolution, resolved_date: 1 };
  await storeTickets(database, tenantId, [row]);
}

function system(given: Partial<System>): System {
  const empty = { ip: null, cidr: null, hostname: "", assetTag: "", role: "", client: "", location: "" };
  return { ...empty, ...given };
}

function gather(
  description: string,
  options: { budgetMs?: number; signal?: AbortSignal; ticketId?: string } = {},
) {
  const ticket: Ticket = {
    tenantId: "acme",
    ticketId: options.ticketId ?? "NEW-1",
    event: "e",
    description,
    priority: "low",
    createdAt: "2026-11-01T00:00:00Z",
  };
  return gatherContext(ticket, {
    search,
    tracer,
    budgetMs: options.budgetMs ?? 30_000,
    signal: options.signal ?? new AbortController().signal,
  });
}

test("tickets that share words are found, the better one first, with what matched and the resolution", async () => {
  await resolved(
    "acme",
    "A-1",
    "VPN certificate expired on laptop",
    "Renewed the certificate. Restarted the client.",
  );
  await resolved("acme", "A-2", "VPN gateway slow", "Moved the gateway.");
  await resolved("acme", "A-3", "Printer jam", "Removed the paper.");
  const { tickets } = await gather("My VPN says certificate expired");
  expect(tickets.map(({ id }) => id)).toEqual(["A-1"]);
  expect(tickets[0]).toMatchObject({
    title: "VPN certificate expired on laptop",
    excerpt: "Renewed the certificate. Restarted the client.",
    why: expect.stringContaining("certificate"),
  });
});

test("another tenant's rows are never found, nor is the ticket itself", async () => {
  await resolved("other", "B-1", "VPN certificate expired", "theirs");
  await resolved("acme", "SELF-1", "VPN certificate expired", "mine");
  await replaceDocument(database, "other", {
    path: "p",
    origin: "folder",
    labels: [],
    sections: [{ anchor: "", title: "VPN certificate", body: "expired theirs" }],
  });
  await upsertSystems(database, "other", [system({ ip: "10.0.0.1", hostname: "h" })]);
  const found = await gather("VPN certificate expired on 10.0.0.1", { ticketId: "SELF-1" });
  expect([found.tickets, found.documents, found.systems]).toEqual([[], [], []]);
  expect(found.ipLookup).toBe("none");
});

test("a single common word is no reason to cite", async () => {
  await resolved("acme", "A-1", "Laptop keyboard broken", "Replaced it.");
  await resolved("acme", "A-2", "Projector lamp laptop", "New lamp.");
  const { tickets } = await gather("laptop stolen from office during projector meeting yesterday evening");
  expect(tickets.map(({ id }) => id)).toEqual(["A-2"]);
});

test.each([
  '"',
  "*",
  "NEAR(a b, 3)",
  "vpn OR",
  "AND NOT",
  "a:b",
  "^vpn",
  "{vpn} : x",
  "vpn\u0000x",
  "'; drop table tenants; --",
  "-vpn",
  "ﬀ 漢字 😀",
  "(",
  "x".repeat(9_999),
])("hostile text %j is only text", async (text) => {
  await resolved("acme", "A-1", "VPN certificate expired", "r");
  await expect(gather(`${text} vpn certificate`)).resolves.toMatchObject({ missing: [] });
});

test("systems are looked up by the addresses in the text", async () => {
  await upsertSystems(database, "acme", [
    system({ ip: "10.0.0.5", hostname: "lt-5", role: "Laptop", client: "Acme", location: "Office" }),
    system({ ip: "2001:db8::1", hostname: "gw", role: "Gateway" }),
  ]);
  const found = await gather("From 10.0.0.5 to [2001:0DB8:0:0:0:0:0:1], and 10.9.9.9.");
  expect(found.ipLookup).toBe("found");
  expect(found.systems.map(({ id, title, excerpt }) => [id, title, excerpt])).toEqual([
    ["10.0.0.5", "lt-5", "Laptop, Acme, Office"],
    ["2001:db8::1", "gw", "Gateway"],
  ]);
  expect((await gather("no address at all")).ipLookup).toBe("skipped");
});

test.each([
  ["at 12:30:45 it broke", []],
  ["version 1.2.3.4.5 and 300.1.1.1", []],
  ["10.0.0.1, 10.0.0.1 and 10.0.0.2.", ["10.0.0.1", "10.0.0.2"]],
  ["fe80::1 ::1 2001:db8::ff00:42:8329", ["fe80::1", "::1", "2001:db8::ff00:42:8329"]],
  ["http://10.1.2.3:8080/x", ["10.1.2.3"]],
  ["IP:10.0.0.5 ::ffff:10.0.0.6 10.0.0.7/24", ["10.0.0.5", "10.0.0.6", "10.0.0.7"]],
  ["IPv6:2001:db8::1 abc:def:12", ["2001:db8::1"]],
])("addresses in %j", (text, addresses) => expect(mentionsIn(text).addresses).toEqual(addresses));

test("what is late is left out and named, its spans say timeout", async () => {
  // Somebody holds the only connection for longer than the budget.
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const holder = database.connection().execute(() => held);
  const context = await gather("VPN certificate 10.0.0.1", { budgetMs: 30 });
  release();
  await holder;
  expect(context.missing.map(({ reason }) => reason)).toEqual([
    "Timeout waiting for ticket history",
    "Timeout waiting for documentation",
    "Timeout waiting for ip lookup",
  ]);
  expect(context.ipLookup).toBe("error");
  const byName = new Map(spans.getFinishedSpans().map((span) => [span.name, span]));
  for (const name of [
    "context.ticket_history",
    "context.documentation",
    "context.ip_lookup",
    "context_gathering",
  ]) {
    expect(byName.get(name)?.status.code, name).toBe(SpanStatusCode.ERROR);
    expect(byName.get(name)?.attributes["error.type"], name).toBe("timeout");
  }
});

test("one search that fails costs its part alone", async () => {
  await resolved("acme", "A-1", "VPN certificate expired", "Renewed.");
  await replaceDocument(database, "acme", {
    path: "p",
    origin: "folder",
    labels: [],
    sections: [{ anchor: "", title: "VPN certificate", body: "expired" }],
  });
  const { sql } = await import("kysely");
  await sql`drop table documents_terms`.execute(database);
  const context = await gather("VPN certificate expired");
  expect(context.tickets).toHaveLength(1);
  expect(context.missing).toEqual([
    { part: "documentation", reason: expect.stringContaining("documents_terms") },
  ]);
});

test("the caller's signal ends all", async () => {
  await expect(gather("VPN", { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
});

test("work that is ended by the caller is not called late", async () => {
  const stop = new AbortController();
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const holder = database.connection().execute(() => held);
  const gathering = gather("VPN certificate", { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await expect(gathering).rejects.toThrow("stopped");
  release();
  await holder;
  const errors = spans.getFinishedSpans().map(({ status }) => status.message ?? "");
  expect(errors.filter((message) => message.includes("Timeout"))).toEqual([]);
});

test("each statement has a span of its own that holds no parameter", async () => {
  await resolved("acme", "A-1", "VPN certificate expired", "Renewed.");
  await gather("VPN certificate expired hushhush");
  const statements = spans.getFinishedSpans().filter(({ name }) => name.startsWith("SELECT "));
  expect(statements.length).toBeGreaterThanOrEqual(3);
  for (const span of statements) {
    expect(span.attributes).toMatchObject({
      "db.system.name": "sqlite",
      "db.operation.name": "SELECT",
      "tenant.id": "acme",
      "ticket.id": "NEW-1",
    });
    expect(String(span.attributes["db.query.text"])).not.toContain("hushhush");
  }
});

test("a search thread is started beforehand where there is something to search, and only there", async () => {
  let threads = 0;
  const count = () => void threads++;
  process.on("worker", count);
  onTestFinished(() => void process.off("worker", count));
  await search.warm();
  await setImmediate();
  expect(threads).toBe(0);
  await resolved("acme", "A-1", "VPN certificate expired", "Renewed.");
  await search.warm();
  await search.warm();
  await setImmediate();
  expect(threads).toBe(1);
  expect((await gather("VPN certificate expired")).tickets).toHaveLength(1);
});
