/** Tickets per second of one worker against a zero-latency desk and the extractive writer, tracing on against off, in one run. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  median,
  newDirectory,
  postFor,
  printMachine,
  run,
  secret,
  start,
  type Started,
  usage,
} from "./processes.ts";

const rounds = Number(process.argv[2] ?? 3);
const wanted = 1_500;

interface Figures {
  perSecond: number;
  cpuPerThousand: number;
}

async function measure(traced: boolean): Promise<Figures> {
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
  const traces = await start(["traces"], directory.path);
  const receiver = await start(["receiver"], directory.path, { OTEL_SDK_DISABLED: "true" });
  for (let sent = 0; sent < wanted;)
    sent += (await postFor(receiver.ready["webhook"] ?? "", 16, 250)).accepted;
  const queued = (await queueOf(receiver)).waiting;
  const worker = await start(["worker"], directory.path, traced ? {} : { OTEL_SDK_DISABLED: "true" });
  const before = {
    at: performance.now(),
    cpu: usage(worker.ready.pid).cpuSeconds,
    done: (await queueOf(receiver)).done,
  };
  let done = before.done;
  while (done < queued) {
    await sleep(50);
    done = (await queueOf(receiver)).done;
  }
  const elapsed = (performance.now() - before.at) / 1_000;
  const cpu = usage(worker.ready.pid).cpuSeconds - before.cpu;
  for (const process of [worker, receiver, traces, desk]) await process.stop();
  directory.remove();
  const counted = queued - before.done;
  return { perSecond: counted / elapsed, cpuPerThousand: (cpu / counted) * 1_000 };
}

async function queueOf({ ready, token }: Started): Promise<{ waiting: number; done: number }> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${ready["admin"] ?? ""}/admin/api/queue`, { headers });
  return (await answer.json()) as { waiting: number; done: number };
}

printMachine();
const on: Figures[] = [];
const off: Figures[] = [];
for (let round = 0; round < rounds; round++) {
  off.push(await measure(false));
  on.push(await measure(true));
}
for (const [key, name, digits] of [
  ["perSecond", "tickets per second", 0],
  ["cpuPerThousand", "CPU s per 1,000", 2],
] as const) {
  const [untraced, traced] = [
    median(off.map((figures) => figures[key])),
    median(on.map((figures) => figures[key])),
  ];
  process.stdout.write(
    `${name}: untraced ${untraced.toFixed(digits)}, traced ${traced.toFixed(digits)}, ratio ${(traced / untraced).toFixed(2)}\n`,
  );
}
