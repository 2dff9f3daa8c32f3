/**
 * Whether searches disturb the front door: webhooks' p99 in `up` at an offered rate, while every tenth ticket is searched in a large
 * history, against the same rate while none is. Both are measured in turn, on one `up`: tickets that are not searched belong to a tenant
 * without a history, everything else is the same.
 *
 * node bench/webhook-searches.ts [ROWS=100000] [--rounds 3] [--per-second 100]
 */
import { parseArgs } from "node:util";
import { storeTickets } from "../packages/enhancer/src/history/store-tickets.ts";
import { openEnhancerStore } from "../packages/enhancer/src/store.ts";
import { readCorpus } from "./context-corpus.ts";
import { load } from "./http-load.ts";
import { median, newDirectory, printMachine, run, secret, start } from "./processes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" }, "per-second": { type: "string", default: "100" } },
});
const rows = Number(positionals[0] ?? 100_000);
const rounds = Number(values.rounds);
const perSecond = Number(values["per-second"]);
const seconds = 8;
const searchedShare = 10;
const kinds = ["searching", "not searching"] as const;
type Kind = (typeof kinds)[number];
const tenants = { searching: "with-history", "not searching": "without-history" } satisfies Record<
  Kind,
  string
>;

printMachine();
const corpus = readCorpus();
const directory = newDirectory();
const desk = await start(["simulate", "desk"], directory.path);
for (const tenant of Object.values(tenants)) {
  const options = [
    "--secret",
    secret,
    "--desk",
    desk.ready["desk"] ?? "",
    "--desk-key",
    "k",
    "--rate",
    "none",
  ];
  await run(["tenant", "add", tenant, ...options, "--data", directory.path]);
}
const store = openEnhancerStore(directory.path);
for (let at = 0; at < rows; at += 1_000) {
  const numbers = Array.from({ length: Math.min(1_000, rows - at) }, (_, offset) => at + offset);
  await storeTickets(
    store.database,
    tenants.searching,
    numbers.map((number) => corpus.ticket(number)),
  );
}
await store.close();

const up = await start(["up"], directory.path);
let next = 0;
const p99 = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
for (let round = 0; round <= rounds; round++) {
  for (const kind of kinds) {
    const result = await load({
      url: new URL("/webhook/servicedesk", up.ready["webhook"]),
      secret,
      connections: 32,
      seconds,
      perSecond,
      body: () => bodyOf(kind, next++),
    });
    if (result.refused > 0) throw new Error(`${result.refused} webhooks were refused`);
    // The first round warms up.
    if (round > 0) p99.get(kind)?.push(result.p99);
    print(
      `${round === 0 ? "warming up, " : ""}${kind}: ${result.accepted} accepted, p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms`,
    );
    await untilDone();
  }
}
const [searching, idle] = kinds.map((kind) => median(p99.get(kind) ?? []));
print(
  `p99 while ${rows} tickets are searched ${searching?.toFixed(1)} ms, while nothing is ${idle?.toFixed(1)} ms: ratio ${((searching ?? Number.NaN) / (idle ?? Number.NaN)).toFixed(2)}`,
);
await up.stop();
await desk.stop();
directory.remove();

function bodyOf(kind: Kind, at: number): string {
  return JSON.stringify({
    event: "ticket.created",
    ticket_id: `BENCH-${at}`,
    tenant_id: at % searchedShare === 0 ? tenants[kind] : tenants["not searching"],
    description: corpus.question(at),
    priority: "medium",
    created_at: "2026-11-23T09:00:00Z",
  });
}

/** Jobs of one measurement are none of the next one's. */
async function untilDone(): Promise<void> {
  for (;;) {
    const response = await fetch(`${up.ready["admin"] ?? ""}/admin/api/queue`, {
      headers: { authorization: `Bearer ${up.token}` },
    });
    const { waiting, active } = (await response.json()) as { waiting: number; active: number };
    if (waiting + active === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
