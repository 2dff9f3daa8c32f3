/**
 * Tickets of one worker process (`--concurrency`, 4 and 16 unless told, tracing on) against a desk that does not wait for its disk and the
 * extractive writer, on both queues: per second and CPU of the worker per 1,000, from its ready file on and again of the second half, when
 * its code is compiled. Desk, trace backend, receiver and sender are processes of their own and not counted. `--many N`: memory over so
 * many tickets.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { median, postFor, printMachine, start, usage } from "./processes.ts";
import { surroundings, unended } from "./ticket-surroundings.ts";

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
    left: await unended(receiver),
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

/** Resident memory of receiver and worker while many tickets go through. */
async function memory(queue: string, many: number): Promise<void> {
  const around = await surroundings(queue);
  const receiver = await start(["receiver", ...around.flags], around.path);
  const worker = await start(["worker", ...around.flags], around.path);
  let [sent, next] = [0, 0];
  while (sent < many) {
    if ((await unended(receiver)) < 2_000)
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
}
