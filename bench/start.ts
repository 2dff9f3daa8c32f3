/**
 * How soon `up` is ready, how soon a webhook's first trace can be seen, and what it takes when idle.
 * Goals: ready <= 1.0 s, first trace <= 1 s after its webhook was accepted (batch delay 200 ms), <= 200 MB.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  median,
  newDirectory,
  post,
  printMachine,
  run,
  secret,
  start,
  ticketBody,
  usage,
} from "./processes.ts";

const rounds = Number(process.argv[2] ?? 5);
const readyMs: number[] = [];
const visibleMs: number[] = [];
const idleMb: number[] = [];

printMachine();
for (let round = 0; round < rounds; round++) {
  const directory = newDirectory();
  const desk = await start(["simulate", "desk"], directory.path);
  await run([
    "tenant",
    "add",
    "bench",
    "--secret",
    secret,
    "--desk",
    desk.ready["desk"] ?? "",
    "--rate",
    "none",
    "--desk-key",
    "k",
    "--data",
    directory.path,
  ]);
  const up = await start(["up"], directory.path, { OTEL_BSP_SCHEDULE_DELAY: "200" });
  readyMs.push(up.readyMs);
  const status = await post(
    new URL("/webhook/servicedesk", up.ready["webhook"]),
    undefined,
    ticketBody(round),
  );
  if (status !== 202) throw new Error(`the webhook was answered ${status}`);
  const accepted = performance.now();
  while (!(await isVisible(up.ready["console"] ?? "", `BENCH-${round}`))) await sleep(5);
  visibleMs.push(performance.now() - accepted);
  await sleep(5_000);
  idleMb.push(usage(up.ready.pid).residentMb);
  await up.stop();
  await desk.stop();
  directory.remove();
}
print("start to ready", readyMs, "ms", 1_000);
print("webhook accepted to first trace visible", visibleMs, "ms", 1_000);
print("resident when idle", idleMb, "MB", 200);

async function isVisible(console: string, ticket: string): Promise<boolean> {
  const response = await fetch(`${console}/api/throughline/traces?q=${ticket}`);
  const { traces } = (await response.json()) as { traces: unknown[] };
  return traces.length > 0;
}

function print(what: string, values: readonly number[], unit: string, goal: number): void {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    value.toFixed(0),
  );
  process.stdout.write(
    `${what}: median ${middle} ${unit} (${least}..${most}), goal ${goal}, ratio ${(median(values) / goal).toFixed(2)}\n`,
  );
}
