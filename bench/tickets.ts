/**
 * Tickets of one worker process (`--concurrency`, 4 and 16 unless told, tracing on) against a desk that does not wait for its disk and the
 * extractive writer, on both queues: per second and CPU of the worker per 1,000, from its ready file on and again of the second half, when
 * its code is compiled. Desk, trace backend, receiver and sender are processes of their own and not counted. Then the time from webhook to
 * done of single tickets on an idle system. `--many N`: memory over so many tickets.
 */
import { Redis } from "ioredis";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  median,
  newDirectory,
  postFor,
  postOne,
  printMachine,
  run,
  secret,
  start,
  type Started,
  usage,
} from "./processes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    tickets: { type: "string", default: "3000" },
    concurrency: { type: "string", multiple: true, default: ["4", "16"] },
    many: { type: "string" },
    queue: { type: "string", multiple: true, default: ["sqlite", "redis"] },
    untraced: { type: "boolean", default: false },
  },
});
const singles = 60;

/** A desk, a tenant, a trace backend and perhaps a Redis, around what is measured. */
async function surroundings(queue: string) {
  const directory = newDirectory();
  const redis = queue === "redis" ? await startRedis(directory.path) : undefined;
  const flags = redis === undefined ? [] : ["--redis", redis.url];
  const desk = await start(["simulate", "desk", "--no-sync"], directory.path);
  const tenant = [
    "tenant",
    "add",
    "bench",
    "--secret",
    secret,
    "--desk",
    desk.ready["desk"] ?? "",
    "--rate",
    "none",
  ];
  await run([...tenant, "--desk-key", "k", "--data", directory.path]);
  const traces = await start(["traces"], directory.path);
  return {
    path: directory.path,
    flags,
    stop: async () => {
      for (const process of [traces, desk]) await process.stop();
      await redis?.stop();
      directory.remove();
    },
  };
}

const untraced = { OTEL_SDK_DISABLED: "true" };

async function throughput(queue: string, concurrency: string) {
  const around = await surroundings(queue);
  const receiver = await start(["receiver", ...around.flags], around.path, untraced);
  for (let sent = 0; sent < Number(values.tickets);)
    sent += (await postFor(receiver.ready["webhook"] ?? "", 16, 250)).accepted;
  const worker = await start(
    ["worker", "--concurrency", concurrency, ...around.flags],
    around.path,
    values.untraced ? untraced : {},
  );
  const look = async () => ({
    at: performance.now(),
    cpu: usage(worker.ready.pid).cpuSeconds,
    left: (await statusOf(receiver)).waiting,
  });
  const first = await look();
  let half: typeof first | undefined;
  let last = first;
  while (last.left > 0) {
    await sleep(50);
    last = await look();
    if (last.left < first.left / 2) half ??= last;
  }
  for (const process of [worker, receiver]) await process.stop();
  await around.stop();
  const cost = (from: typeof first) => ({
    perSecond: (from.left / (last.at - from.at)) * 1_000,
    cpuPerThousand: ((last.cpu - from.cpu) / from.left) * 1_000,
  });
  return { all: cost(first), warm: cost(half ?? first) };
}

/** One ticket at a time: from before the webhook is sent until the job is done, milliseconds. */
async function single(queue: string): Promise<number[]> {
  const around = await surroundings(queue);
  const up = await start(["receiver", ...around.flags], around.path);
  const worker = await start(["worker", ...around.flags], around.path);
  const times: number[] = [];
  for (let at = 0; at < singles; at++) {
    await sleep(40);
    const began = performance.now();
    const { job_id: job } = await postOne(up.ready["webhook"] ?? "", `SINGLE-${at}`);
    for (;;) {
      const { state } = (await get(up, `/jobs/${job}`)) as { state: string };
      if (state === "done") break;
      if (state === "dead") throw new Error("a ticket failed");
    }
    if (at >= 10) times.push(performance.now() - began);
  }
  for (const process of [worker, up]) await process.stop();
  await around.stop();
  return times;
}

/** Resident memory of receiver and worker while many tickets go through. */
async function memory(queue: string, many: number): Promise<void> {
  const around = await surroundings(queue);
  const receiver = await start(["receiver", ...around.flags], around.path);
  const worker = await start(["worker", ...around.flags], around.path);
  let [sent, next] = [0, 0];
  while (sent < many) {
    if ((await statusOf(receiver)).waiting < 2_000)
      sent += (await postFor(receiver.ready["webhook"] ?? "", 8, 250)).accepted;
    else await sleep(100);
    if (sent >= next) {
      const [here, there] = [usage(receiver.ready.pid), usage(worker.ready.pid)];
      print(
        `${queue}: after ${sent} tickets receiver ${here.residentMb.toFixed(0)} MB, worker ${there.residentMb.toFixed(0)} MB`,
      );
      next += many / 10;
    }
  }
  for (const process of [worker, receiver]) await process.stop();
  await around.stop();
}

async function startRedis(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", directory];
  const child: ChildProcess = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", ...durable],
    { stdio: "ignore" },
  );
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const client = new Redis(port, "127.0.0.1");
  await client.ping();
  client.disconnect();
  const stop = async () => {
    child.kill("SIGTERM");
    await closed;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function statusOf(started: Started): Promise<{ waiting: number; done: number }> {
  const { waiting, active, done } = (await get(started, "/queue")) as {
    waiting: number;
    active: number;
    done: number;
  };
  return { waiting: waiting + active, done };
}

async function get(started: Started, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${started.token}` };
  return (await fetch(`${started.ready["admin"] ?? ""}/admin/api${path}`, { headers })).json();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

printMachine();
for (const queue of values.queue) {
  if (values.many !== undefined) {
    await memory(queue, Number(values.many));
    continue;
  }
  for (const concurrency of values.concurrency) {
    const figures: Awaited<ReturnType<typeof throughput>>[] = [];
    for (let round = 0; round < Number(values.rounds); round++)
      figures.push(await throughput(queue, concurrency));
    for (const part of ["all", "warm"] as const) {
      const of = (key: "perSecond" | "cpuPerThousand") => figures.map((one) => one[part][key]);
      const list = of("perSecond").map((value) => value.toFixed(0));
      const cpu = of("cpuPerThousand").map((value) => value.toFixed(2));
      print(
        `${queue}, ${concurrency} at a time, ${part === "all" ? "from the start on" : "second half"}: ` +
          `${median(of("perSecond")).toFixed(0)} tickets per second (${list.join(", ")}), ` +
          `${median(of("cpuPerThousand")).toFixed(2)} CPU s per 1,000 (${cpu.join(", ")})`,
      );
    }
  }
  const times = await single(queue);
  print(`${queue}: one ticket on an idle system, webhook to done: p50 ${median(times).toFixed(1)} ms`);
}
