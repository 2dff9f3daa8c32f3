/**
 * Context of a ticket over a large tenant: all three searches, in their threads, from call to result. SQLite, and PostgreSQL where
 * one is named or Debian's package is there.
 *
 * node bench/context.ts [ROWS=100000] [--sqlite-only] [--postgres URL]
 */
import { trace } from "@opentelemetry/api";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { gatherContext } from "../packages/enhancer/src/context/gather.ts";
import { replaceDocument } from "../packages/enhancer/src/history/store-document.ts";
import { upsertSystems } from "../packages/enhancer/src/history/store-systems.ts";
import { storeTickets } from "../packages/enhancer/src/history/store-tickets.ts";
import { refreshStatistics } from "../packages/enhancer/src/history/write-terms.ts";
import { type EnhancerStore, openEnhancerStore } from "../packages/enhancer/src/store.ts";
import { type Corpus, readCorpus } from "./context-corpus.ts";
import { printMachine } from "./processes.ts";
import { startPostgresIn } from "../test/servers.ts";

const rows = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 100_000);
const warmUp = 30;
const asked = 300;
const goals = { SQLite: 150, PostgreSQL: 100 };
const batch = 1_000;

async function fill(store: EnhancerStore, corpus: Corpus): Promise<void> {
  const began = performance.now();
  for (let at = 0; at < rows; at += batch) {
    const numbers = Array.from({ length: Math.min(batch, rows - at) }, (_, offset) => at + offset);
    await storeTickets(
      store.database,
      "bench",
      numbers.map((number) => corpus.ticket(number)),
    );
    await replaceDocument(store.database, "bench", {
      path: `docs/${at}.md`,
      origin: "folder",
      labels: [],
      sections: numbers.map((number) => corpus.section(number)),
    });
  }
  await refreshStatistics(store.database);
  await upsertSystems(
    store.database,
    "bench",
    Array.from({ length: 5_000 }, (_, at) => ({
      ip: `10.${at >> 8}.${at & 255}.7`,
      cidr: null,
      hostname: `srv-${at}.corp.example`,
      assetTag: `AT-${at}`,
      role: "Server",
      client: "",
      location: "",
    })),
  );
  say(
    `  ${rows} tickets and ${rows} sections stored in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
  );
}

async function measure(kind: keyof typeof goals, store: EnhancerStore, corpus: Corpus): Promise<void> {
  const times: number[] = [];
  let found = 0;
  let before = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  for (let at = 0; at < warmUp + asked; at++) {
    if (at === warmUp) delay.enable();
    const ticket = {
      tenantId: "bench",
      ticketId: `NEW-${at}`,
      event: "ticket.created",
      description: `${corpus.question(at)} on srv-${at * 7}.corp.example (10.1.${at % 256}.7)`,
      priority: "low",
      createdAt: "",
    } as const;
    if (at === warmUp) before = process.cpuUsage();
    const began = performance.now();
    const context = await gatherContext(ticket, {
      search: store.context,
      tracer: trace.getTracer("unregistered"),
      budgetMs: 30_000,
      signal: new AbortController().signal,
    });
    if (context.missing.length > 0) throw new Error(JSON.stringify(context.missing));
    if (at < warmUp) continue;
    times.push(performance.now() - began);
    found += context.tickets.length > 0 ? 1 : 0;
  }
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const share = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(1);
  say(
    `  ${kind}, ${rows} rows: p50 ${share(0.5)} ms, p95 ${share(0.95)} ms, most ${share(0.9999)} ms (goal at 100,000: p95 <= ${goals[kind]} ms); ` +
      `${((user + system) / 1_000 / asked).toFixed(1)} ms of CPU a ticket; ${found} of ${asked} found a ticket; the main thread waited ${(delay.percentile(99) / 1e6).toFixed(1)} ms at p99`,
  );
}

async function run(kind: keyof typeof goals, corpus: Corpus, postgres: string | undefined): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "throughline-bench-"));
  const store = openEnhancerStore(directory, postgres === undefined ? {} : { postgres });
  try {
    await fill(store, corpus);
    await measure(kind, store, corpus);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

async function ownPostgres(): Promise<{ url: string; end: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "throughline-postgres-"));
  const { url, end } = await startPostgresIn(join(directory, "data"), undefined, () => {});
  return {
    url,
    end: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

printMachine();
const corpus = readCorpus();
say(corpus.described);
await run("SQLite", corpus, undefined);
if (!process.argv.includes("--sqlite-only")) {
  const named = process.argv.indexOf("--postgres");
  const server =
    named < 0 ? await ownPostgres() : { url: process.argv[named + 1] ?? "", end: async () => {} };
  await run("PostgreSQL", corpus, server.url);
  await server.end();
}
