/**
 * Webhooks accepted per second and p99 with 32 connections, tracing on against off, in one run, in turn.
 * The worker is not started: what is measured is the front door and the queue, each answer durable.
 */
import { median, newDirectory, postFor, printMachine, run, secret, start, usage } from "./processes.ts";

const rounds = Number(process.argv[2] ?? 3);
const seconds = 5;
const connections = 32;

interface Figures {
  perSecond: number;
  p99: number;
  cpuPerThousand: number;
}

async function measure(traced: boolean): Promise<Figures> {
  const directory = newDirectory();
  await run([
    "tenant",
    "add",
    "bench",
    "--secret",
    secret,
    "--desk",
    "http://127.0.0.1:9",
    "--desk-key",
    "k",
    "--data",
    directory.path,
  ]);
  const traces = await start(["traces"], directory.path);
  const receiver = await start(["receiver"], directory.path, traced ? {} : { OTEL_SDK_DISABLED: "true" });
  const webhook = receiver.ready["webhook"] ?? "";
  await postFor(webhook, connections, 1_000);
  const before = usage(receiver.ready.pid).cpuSeconds;
  const result = await postFor(webhook, connections, seconds * 1_000);
  const cpu = usage(receiver.ready.pid).cpuSeconds - before;
  await receiver.stop();
  await traces.stop();
  directory.remove();
  if (result.refused > 0) throw new Error(`${result.refused} webhooks were refused`);
  return {
    perSecond: result.accepted / seconds,
    p99: result.p99,
    cpuPerThousand: (cpu / result.accepted) * 1_000,
  };
}

printMachine();
const on: Figures[] = [];
const off: Figures[] = [];
for (let round = 0; round < rounds; round++) {
  off.push(await measure(false));
  on.push(await measure(true));
}
const middle = (list: readonly Figures[], key: keyof Figures) => median(list.map((figures) => figures[key]));
for (const [key, name, digits] of [
  ["perSecond", "accepted per second", 0],
  ["p99", "p99 ms", 1],
  ["cpuPerThousand", "CPU s per 1,000", 3],
] as const) {
  const [untraced, traced] = [middle(off, key), middle(on, key)];
  process.stdout.write(
    `${name}: untraced ${untraced.toFixed(digits)}, traced ${traced.toFixed(digits)}, ratio ${(traced / untraced).toFixed(2)}\n`,
  );
}
