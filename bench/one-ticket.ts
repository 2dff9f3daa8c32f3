/**
 * One ticket at a time on an idle system, on both queues: how long from its webhook, and from when the receiver began to store its job
 * (span `job_queued`), until the job is done, durably. Receiver, worker, desk, trace backend and this one are processes of their own; the
 * extractive writer, tracing on, a desk that does not wait for its disk. That a job is done is read where the queue keeps it: Redis tells
 * of it (BullMQ's events), SQLite's file is looked at every 0.2 ms and its log synced then. `--steps`: when each span of the median
 * ticket began and how long it took.
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
    queue: { type: "string", multiple: true, default: ["sqlite", "redis", "redis-everysec"] },
    steps: { type: "boolean", default: false },
  },
});
/** The system has been at work before it is idle: its code is compiled. */
const warmUp = 3_000;
const betweenMs = 40;
const lookEveryMs = 0.2;
const mostMs = 10_000;
/** Processes export every five seconds. */
const exportedWithinMs = 7_000;

interface Timed {
  /** From before the webhook was sent. */
  fromWebhook: number;
  /** Milliseconds since the epoch. */
  doneAt: number;
  traceId: string;
}

/** When the job was done, on this process's clock. */
type WhenDone = (jobId: string) => Promise<number>;

function watch({ path, redisUrl }: Surroundings): { whenDone: WhenDone; close: () => void } {
  return redisUrl === undefined ? watchFile(join(path, "throughline.db")) : watchRedis(redisUrl);
}

function watchRedis(url: string): { whenDone: WhenDone; close: () => void } {
  const redis = new Redis(url);
  let last = "$";
  const done = new Map<string, number>();
  const whenDone: WhenDone = async (jobId) => {
    for (;;) {
      const at = done.get(jobId);
      if (at !== undefined) return at;
      const key = "{throughline}:enhancements.bench:events";
      const read = await redis.xread("BLOCK", mostMs, "STREAMS", key, last);
      const now = performance.now();
      const events = read?.[0]?.[1];
      if (events === undefined) throw new Error("a ticket was not done in time");
      for (const [id, fields] of events) {
        last = id;
        const field = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
        if (field("event") === "completed") done.set(field("jobId"), now);
      }
    }
  };
  return { whenDone, close: () => redis.disconnect() };
}

function watchFile(path: string): { whenDone: WhenDone; close: () => void } {
  const file = new DatabaseSync(path, { readOnly: true });
  const log = openSync(`${path}-wal`, "r+");
  const row = file.prepare("select state from jobs where id = ?");
  const whenDone: WhenDone = (jobId) => {
    for (const until = performance.now() + mostMs; performance.now() < until; pause(lookEveryMs)) {
      const state = row.get(jobId)?.["state"];
      if (state === "dead") throw new Error("a ticket failed");
      if (state !== "done") continue;
      fdatasyncSync(log);
      return Promise.resolve(performance.now());
    }
    throw new Error("a ticket was not done in time");
  };
  const close = () => {
    closeSync(log);
    file.close();
  };
  return { whenDone, close };
}

async function timeTickets(around: Surroundings) {
  const receiver = await start(["receiver", ...around.flags], around.path);
  const worker = await start(["worker", ...around.flags], around.path);
  const times: Timed[] = [];
  for (let sent = 0; sent < warmUp; await sleep(100))
    if ((await unended(receiver)) < 500)
      sent += (await postFor(receiver.ready["webhook"] ?? "", 4, 200)).accepted;
  while ((await unended(receiver)) > 0) await sleep(100);
  const { whenDone, close } = watch(around);
  // The first read says from where on events are new.
  await whenDone((await postOne(receiver.ready["webhook"] ?? "", "SINGLE-FIRST")).job_id);
  for (let at = 0; at < Number(values.tickets); at++) {
    await sleep(betweenMs);
    const began = performance.now();
    const { job_id: jobId, trace_id: traceId } = await postOne(
      receiver.ready["webhook"] ?? "",
      `SINGLE-${at}`,
    );
    const now = await whenDone(jobId);
    times.push({ fromWebhook: now - began, doneAt: performance.timeOrigin + now, traceId });
  }
  close();
  await sleep(exportedWithinMs);
  const traces = new Map<string, Span[]>();
  for (const { traceId } of times) traces.set(traceId, await spansOf(around, traceId));
  for (const process of [worker, receiver]) await process.stop();
  const fromStored = times.map(({ doneAt, traceId }) => {
    const stored = traces.get(traceId)?.find(({ operationName }) => operationName === "job_queued");
    if (stored === undefined) throw new Error(`the trace ${traceId} has not come`);
    return doneAt - stored.startTime / 1_000;
  });
  const middle = times.toSorted((a, b) => a.fromWebhook - b.fromWebhook)[Math.floor(times.length / 2)];
  const steps = values.steps ? stepsOf(traces.get(middle?.traceId ?? "") ?? []) : [];
  return { fromWebhook: times.map((one) => one.fromWebhook), fromStored, steps };
}

interface Span {
  operationName: string;
  /** Microseconds, as `duration`. */
  startTime: number;
  duration: number;
}

async function spansOf({ console }: Surroundings, traceId: string): Promise<Span[]> {
  const response = await fetch(`${console}/api/traces/${traceId}`);
  const { data } = (await response.json()) as { data: { spans: Span[] }[] };
  return (data[0]?.spans ?? []).toSorted((a, b) => a.startTime - b.startTime);
}

/** Each span, milliseconds from the webhook's. */
function stepsOf(spans: readonly Span[]): string[] {
  const ms = (microseconds: number) => (microseconds / 1_000).toFixed(2).padStart(7);
  return spans.map(
    ({ operationName, startTime, duration }) =>
      `${ms(startTime - (spans[0]?.startTime ?? 0))} +${ms(duration)} ${operationName}`,
  );
}

/** Timers are too coarse: they wait a millisecond at least. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What one durable write of a kilobyte takes by itself, on a system as idle as for the tickets: each ticket waits for several. */
async function oneWriteMs({ path, redisUrl }: Surroundings): Promise<number> {
  const bytes = Buffer.alloc(1_024, 1);
  const redis = redisUrl === undefined ? undefined : new Redis(redisUrl);
  const file = openSync(join(path, "sync"), "w");
  const times: number[] = [];
  for (let at = 0; at < 100; at++) {
    await sleep(betweenMs);
    const began = performance.now();
    if (redis === undefined) {
      writeSync(file, bytes);
      fdatasyncSync(file);
    } else await redis.set("bench:one-write", bytes);
    times.push(performance.now() - began);
  }
  closeSync(file);
  redis?.disconnect();
  return median(times);
}

printMachine();
for (const queue of values.queue) {
  const around = await surroundings(queue);
  const oneWrite = await oneWriteMs(around);
  const { steps, ...times } = await timeTickets(around);
  await around.stop();
  const part = (key: "fromWebhook" | "fromStored") => {
    const all = times[key];
    return `p50 ${median(all).toFixed(1)} ms, p95 ${quantile(all, 0.95).toFixed(1)} ms`;
  };
  const lines = [
    `${queue}, one ticket on an idle system (one durable write takes ${oneWrite.toFixed(1)} ms):`,
    `  webhook sent to job done: ${part("fromWebhook")}`,
    `  job stored to job done:   ${part("fromStored")}`,
    ...steps.map((step) => `  ${step}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
