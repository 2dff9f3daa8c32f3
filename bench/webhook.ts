/**
 * The front door: webhooks accepted per second, p50 and p99, CPU per 1,000, over 32 kept connections, each answer durable; tracing on
 * against off in turn. The receiver is a process of its own, the trace backend and this client are others: CPU is the receiver's.
 *
 * node bench/webhook.ts [--rounds 3] [--up] [--peer URL --peer-secret S] [--overload] [--flat REQUESTS] [-- flags of the receiver]
 */
import { parseArgs } from "node:util";
import { load, type Load } from "./http-load.ts";
import { median, newDirectory, printMachine, run, secret, start, ticketBody, usage } from "./processes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    warmup: { type: "string", default: "10" },
    connections: { type: "string", default: "32" },
    up: { type: "boolean", default: false },
    overload: { type: "boolean", default: false },
    flat: { type: "string" },
    peer: { type: "string" },
    "peer-secret": { type: "string", default: secret },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
/** Seconds until what is measured: on a busy machine the first thousands of requests are the compiler's. */
const warmup = Number(values.warmup);
const connections = Number(values.connections);
const print = (line: string) => process.stdout.write(`${line}\n`);

let at = 0;
const body = () => ticketBody(at++);

interface Receiver {
  url: URL;
  pid: number;
  stop: () => Promise<void>;
}

async function receiver(traced: boolean): Promise<Receiver> {
  const directory = newDirectory();
  const desk = ["--desk", "http://127.0.0.1:9", "--desk-key", "k"];
  await run([
    "tenant",
    "add",
    "bench",
    "--secret",
    secret,
    ...desk,
    "--rate",
    "none",
    "--data",
    directory.path,
  ]);
  const environment = traced ? {} : { OTEL_SDK_DISABLED: "true" };
  const traces = values.up || !traced ? undefined : await start(["traces"], directory.path);
  const started = await start([values.up ? "up" : "receiver", ...positionals], directory.path, environment);
  if (values.up) await run(["queue", "pause", "--data", directory.path]);
  return {
    url: new URL("/webhook/servicedesk", started.ready["webhook"]),
    pid: started.ready.pid,
    stop: async () => {
      await started.stop();
      await traces?.stop();
      directory.remove();
    },
  };
}

interface Figures {
  perSecond: number;
  p50: number;
  p99: number;
  cpuPerThousand: number;
}

async function measure(traced: boolean): Promise<Figures> {
  const { url, pid, stop } = await receiver(traced);
  await load({ url, secret, connections, seconds: warmup, body });
  const before = usage(pid).cpuSeconds;
  const result = await load({ url, secret, connections, seconds, body });
  const cpu = usage(pid).cpuSeconds - before;
  await stop();
  if (result.refused > 0) throw new Error(`${result.refused} webhooks were refused`);
  return figuresOf(result, (cpu / result.accepted) * 1_000);
}

function figuresOf({ accepted, seconds: took, p50, p99 }: Load, cpuPerThousand: number): Figures {
  return { perSecond: accepted / took, p50, p99, cpuPerThousand };
}

function show(name: string, list: readonly Figures[]): void {
  const line = (key: keyof Figures, digits: number) => {
    const figures = list.map((one) => one[key]);
    const [least, most] = [Math.min(...figures), Math.max(...figures)];
    return `${median(figures).toFixed(digits)} (${least.toFixed(digits)}..${most.toFixed(digits)})`;
  };
  print(
    `${name}: ${line("perSecond", 0)} per second, p50 ${line("p50", 1)} ms, p99 ${line("p99", 1)} ms, CPU s per 1,000 ${line("cpuPerThousand", 3)}`,
  );
}

/** Ten times as many connections as the best rate was measured with, each sending again as soon as it is answered. */
async function overload(): Promise<void> {
  const { url, stop } = await receiver(true);
  await load({ url, secret, connections, seconds: warmup, body });
  const best = await load({ url, secret, connections, seconds, body });
  const over = await load({ url, secret, connections: connections * 10, seconds, body });
  await stop();
  const rate = (result: Load) => result.accepted / result.seconds;
  print(
    `overload: ${connections * 10} connections: ${rate(over).toFixed(0)} accepted per second, ${((rate(over) / rate(best)) * 100).toFixed(0)} % of ${rate(best).toFixed(0)}; p99 of the accepted ${over.p99.toFixed(1)} ms; answers ${JSON.stringify([...over.answers])}`,
  );
}

/** Memory over very many requests; one ticket in a thousand is new, so that the queue's file stays small. */
async function flat(requests: number): Promise<void> {
  const { url, pid, stop } = await receiver(true);
  const repeated = () => ticketBody(Math.floor(at++ / 1_000));
  let sent = 0;
  const sizes: string[] = [];
  while (sent < requests) {
    sent += (await load({ url, secret, connections, seconds: 10, body: repeated })).accepted;
    sizes.push(`${sent}: ${usage(pid).residentMb.toFixed(0)}`);
  }
  await stop();
  print(`resident MB after so many requests: ${sizes.join(", ")}`);
}

printMachine();
const on: Figures[] = [];
const off: Figures[] = [];
const peer: Figures[] = [];
for (let round = 0; round < rounds; round++) {
  off.push(await measure(false));
  on.push(await measure(true));
  if (values.peer !== undefined) {
    const url = new URL(values.peer);
    peer.push(
      figuresOf(await load({ url, secret: values["peer-secret"], connections, seconds, body }), Number.NaN),
    );
  }
}
if (rounds > 0) {
  show("untraced", off);
  show("traced", on);
  print(
    `traced / untraced: ${(median(on.map((one) => one.perSecond)) / median(off.map((one) => one.perSecond))).toFixed(2)}`,
  );
}
if (peer.length > 0) show("peer", peer);
if (values.overload) await overload();
if (values.flat !== undefined) await flat(Number(values.flat));
