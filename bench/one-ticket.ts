/**
 * One ticket at a time on an idle system, on both queues: how long from its webhook, and from when its job was stored, until the job is
 * done, durably. Receiver, worker, desk, trace backend and this one are processes of their own; the extractive writer, tracing on, a
 * desk that does not wait for its disk. Where the job stands is read from the queue's own store, every 0.2 ms: asking the admin API
 * would keep the receiver busy. `--steps`: when each span of the median ticket began and how long it took.
 */
import { Redis } from "ioredis";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { median, postFor, postOne, printMachine, quantile, start } from "./processes.ts";
import { surroundings, type Surroundings, unended } from "./ticket-surroundings.ts";

const { values } = parseArgs({
  options: {
    tickets: { type: "string", default: "200" },
    queue: { type: "string", multiple: true, default: ["sqlite", "redis"] },
    steps: { type: "boolean", default: false },
  },
});
/** The system has been at work before it is idle: its code is compiled. */
const warmUp = 3_000;
const lookEveryMs = 0.2;
const mostMs = 10_000;
/** Processes export every five seconds. */
const exportedWithinMs = 7_000;

interface Timed {
  /** From before the webhook was sent. */
  fromWebhook: number;
  /** From when the job's row says that it was stored; whole milliseconds, so up to one too long. */
  fromStored: number;
  traceId: string;
}

/** undefined: not done yet; else when the job was stored, milliseconds since the epoch. */
type Look = (jobId: string) => Promise<number | undefined> | number | undefined;

function lookInto({ path, redisUrl }: Surroundings): { look: Look; close: () => void } {
  if (redisUrl !== undefined) {
    const redis = new Redis(redisUrl);
    const look: Look = async (jobId) => {
      const [stored, finished] = await redis.hmget(
        `{throughline}:enhancements.bench:${jobId}`,
        "timestamp",
        "finishedOn",
      );
      return finished === null || finished === undefined ? undefined : Number(stored);
    };
    return { look, close: () => redis.disconnect() };
  }
  const file = new DatabaseSync(join(path, "throughline.db"), { readOnly: true });
  const row = file.prepare("select state, enqueued_at from jobs where id = ?");
  const look: Look = (jobId) => {
    const job = row.get(jobId);
    if (job?.["state"] === "dead") throw new Error("a ticket failed");
    return job?.["state"] === "done" ? Number(job["enqueued_at"]) : undefined;
  };
  return { look, close: () => file.close() };
}

async function timeTickets(around: Surroundings): Promise<{ times: Timed[]; steps: string[] }> {
  const receiver = await start(["receiver", ...around.flags], around.path);
  const worker = await start(["worker", ...around.flags], around.path);
  const { look, close } = lookInto(around);
  const times: Timed[] = [];
  for (let sent = 0; sent < warmUp; await sleep(100))
    if ((await unended(receiver)) < 500)
      sent += (await postFor(receiver.ready["webhook"] ?? "", 4, 200)).accepted;
  while ((await unended(receiver)) > 0) await sleep(100);
  for (let at = 0; at < Number(values.tickets); at++) {
    await sleep(40);
    const began = performance.now();
    const { job_id: jobId, trace_id: traceId } = await postOne(
      receiver.ready["webhook"] ?? "",
      `SINGLE-${at}`,
    );
    for (;;) {
      const storedAt = await look(jobId);
      const now = performance.now();
      if (storedAt !== undefined) {
        const fromStored = performance.timeOrigin + now - storedAt;
        times.push({ fromWebhook: now - began, fromStored, traceId });
        break;
      }
      if (now - began > mostMs) throw new Error("a ticket was not done in time");
      pause(lookEveryMs);
    }
  }
  close();
  const steps = values.steps ? await stepsOf(around, times) : [];
  for (const process of [worker, receiver]) await process.stop();
  return { times, steps };
}

/** Timers are too coarse: they wait a millisecond at least. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The spans of the ticket that took as long as half of them, milliseconds from the webhook's. */
async function stepsOf({ console }: Surroundings, times: readonly Timed[]): Promise<string[]> {
  const middle = times.toSorted((a, b) => a.fromWebhook - b.fromWebhook)[Math.floor(times.length / 2)];
  await sleep(exportedWithinMs);
  const response = await fetch(`${console}/api/traces/${middle?.traceId ?? ""}`);
  const { data } = (await response.json()) as {
    data: { spans: { operationName: string; startTime: number; duration: number }[] }[];
  };
  const spans = (data[0]?.spans ?? []).toSorted((a, b) => a.startTime - b.startTime);
  const ms = (microseconds: number) => (microseconds / 1_000).toFixed(2).padStart(7);
  return spans.map(
    ({ operationName, startTime, duration }) =>
      `${ms(startTime - (spans[0]?.startTime ?? 0))} +${ms(duration)} ${operationName}`,
  );
}

/** What the disk takes to make 4 kB durable: each ticket waits for it several times. */
function syncMs({ path }: Surroundings): number {
  const file = openSync(join(path, "sync"), "w");
  const page = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 200 }, () => {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  return median(times);
}

printMachine();
for (const queue of values.queue) {
  const around = await surroundings(queue);
  const sync = syncMs(around);
  const { times, steps } = await timeTickets(around);
  await around.stop();
  const part = (key: "fromWebhook" | "fromStored") => {
    const all = times.map((one) => one[key]);
    return `p50 ${median(all).toFixed(1)} ms, p95 ${quantile(all, 0.95).toFixed(1)} ms`;
  };
  const lines = [
    `${queue}, one ticket on an idle system (an fsync takes ${sync.toFixed(2)} ms):`,
    `  webhook sent to job done: ${part("fromWebhook")}`,
    `  job stored to job done:   ${part("fromStored")}`,
    ...steps.map((step) => `  ${step}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
