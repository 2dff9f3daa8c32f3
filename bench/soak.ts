/**
 * The product under mixed load for hours, while its parts are killed, stalled and made to fail; what must hold is checked all the while.
 * Exit code 1 when something did not hold. Ctrl-C ends it with the report so far, a second one at once.
 *
 *   npm run soak -- --hours 0.5 [--minutes N] [--queue sqlite|redis] [--postgres URL] [--seed N] [--tickets 5] [--spans 500] [--report FILE]
 *
 * In the first two fifths of the time our own processes are killed and restarted, too; in the rest they live on, so that their memory and
 * handles can be judged, while desk and model fail and processes are stalled.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { randomNumbers } from "../packages/traces/test/rounds.ts";
import { newDirectory, printMachine } from "./processes.ts";
import { Disturbances } from "./soak/disturb.ts";
import { Violations } from "./soak/ledger.ts";
import { startSystem, type System } from "./soak/parts.ts";
import { report } from "./soak/report.ts";
import { Searches } from "./soak/searches.ts";
import { Spans, spansOfRequest } from "./soak/spans.ts";
import { Lives } from "./soak/steadiness.ts";
import { Tickets } from "./soak/tickets.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "0" },
    minutes: { type: "string", default: "0" },
    queue: { type: "string", default: "sqlite" },
    postgres: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    tickets: { type: "string", default: "5" },
    spans: { type: "string", default: "500" },
    report: { type: "string" },
  },
});
const seconds = Number(values.hours) * 3_600 + Number(values.minutes) * 60;
const ticketsPerSecond = Number(values.tickets);
const spansPerSecond = Number(values.spans);
const seed = Number(values.seed);
if (!(seconds > 0 && ticketsPerSecond > 0 && spansPerSecond > 0 && Number.isInteger(seed))) {
  process.stderr.write(
    "--hours or --minutes, --tickets and --spans must be numbers above 0, --seed an integer\n",
  );
  process.exit(2);
}
if (!["sqlite", "redis"].includes(values.queue)) {
  process.stderr.write("--queue is sqlite or redis\n");
  process.exit(2);
}
const restartsUntil = seconds * 0.4;
const settleSeconds = 300;
const searchesPerSecond = 2;

const interrupted = new AbortController();
process.on("SIGINT", () => {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
});

const directory = newDirectory();
printMachine();
process.stdout.write(`seed ${seed}, ${(seconds / 60).toFixed(1)} min, state in ${directory.path}\n`);
const retention = `${Math.ceil(seconds / 3_600) + 72}h`;
const system = await startSystem(directory.path, {
  queue: values.queue,
  postgres: values.postgres,
  retention,
});
const { text, isKept } = await soak(system);
await system.stop();
if (isKept) directory.remove();
else process.stdout.write(`state and logs are left in ${directory.path}\n`);
process.stdout.write(`\n${text}`);
if (values.report !== undefined) writeFileSync(values.report, text);
process.exit(isKept ? 0 : 1);

async function soak(running: System): Promise<{ text: string; isKept: boolean }> {
  const violations = new Violations();
  const lives = new Lives();
  const disturbances = new Disturbances(running, randomNumbers(seed), Math.min(1, seconds / 600));
  const tickets = new Tickets(running, violations, disturbances.isCalm);
  const spans = new Spans(running, violations, seed);
  const searches = new Searches(running, spans, violations, disturbances.isCalm);
  const ours = [running.receiver, running.worker, running.traces];
  const random = randomNumbers(seed + 1);
  const began = performance.now();
  const now = () => (performance.now() - began) / 1_000;
  const isOver = () => interrupted.signal.aborted || now() >= seconds;

  /** So many times a second by the clock, whether or not the last is done; what a stalled soak missed is not caught up. */
  const paced = async (perSecond: number, act: (at: number) => void | Promise<void>) => {
    for (let due = now(); !isOver(); due = Math.max(due + 1 / perSecond, now() - 1)) {
      if (due > now()) await pause((due - now()) * 1_000);
      await act(now());
    }
  };
  const everySeconds = Math.min(60, Math.max(4, seconds / 40));
  process.stdout.write("load runs\n");
  await Promise.all([
    paced(ticketsPerSecond, (at) => tickets.send(at)),
    paced(spansPerSecond / spansOfRequest, () => spans.send()),
    paced(searchesPerSecond, (at) => searches.ask(at, random)),
    paced(1, () => tickets.check(ticketsPerSecond * 8, 2, random)),
    paced(1, () => spans.check(4, random)),
    paced(Math.max(0.2, Math.min(1, 60 / seconds)), (at) => lives.sample(ours, at)),
    paced(1 / 60, (at) => progress(at, tickets, spans, violations)),
    (async () => {
      while (!isOver()) {
        await pause((everySeconds / 2 + random(everySeconds)) * 1_000);
        if (isOver()) return;
        await disturbances
          .one(now() < restartsUntil)
          .catch((error: unknown) => violations.add(`a part did not start again: ${String(error)}`));
      }
    })(),
  ]);
  const soakedSeconds = now();
  process.stdout.write("load ends; every ticket and every span is looked for\n");
  await Promise.all([tickets.stopSending(), spans.stopSending()]);
  const deadline = now() + settleSeconds;
  while (tickets.unended > 0 && now() < deadline) {
    await tickets.check(200, 0, random);
    await sleep(250);
  }
  tickets.tellUnended(settleSeconds);
  const notesSeen = await tickets.checkAll();
  if (notesSeen < tickets.accepted - tickets.unended)
    violations.add(`the desk told the notes of only ${notesSeen} tickets`);
  const spansFound = await spans.checkAll();
  const text = report({
    seed,
    seconds: soakedSeconds,
    isInterrupted: interrupted.signal.aborted,
    kept: running.kept,
    tickets,
    notesSeen,
    spans,
    spansFound,
    searches,
    disturbances,
    lives,
    violations,
  });
  return { text, isKept: violations.list.length === 0 };
}

function progress(at: number, tickets: Tickets, spans: Spans, violations: Violations): void {
  const figures = `${tickets.accepted} tickets (${tickets.unended} not ended), ${spans.acknowledged.length * 12} spans`;
  process.stdout.write(`${(at / 60).toFixed(0)} min: ${figures}, ${violations.list.length} violated\n`);
}

/** Ends early when interrupted. */
async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: interrupted.signal }).catch(() => undefined);
}
