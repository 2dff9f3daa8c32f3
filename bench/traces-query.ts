/**
 * How long queries take: over a directory that `traces-ingest --keep DIR` filled, and over each `--peer JAEGER_BASE_URL` that holds the same
 * kind of spans (Jaeger's HTTP API v1), in the same run.
 *
 *   node bench/traces-ingest.ts --spans 10000000 --keep /tmp/spans
 *   node bench/traces-query.ts --data /tmp/spans [--rounds 200] [--ingest 50000] [--peer http://127.0.0.1:16686 ...]
 *
 * `--ingest`: spans per second that are taken in meanwhile (ours only). `--tenant tenant-7`: the same again with a token that is bound to that
 * tenant of the corpus, which has 40 (ours only); the first question, which reads whose the traces are, is told apart. What is asked for is taken from what is found: no ids are needed.
 */
import { execFileSync, spawn } from "node:child_process";
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { command, printMachine, start } from "./processes.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    rounds: { type: "string", default: "200" },
    ingest: { type: "string", default: "0" },
    tenant: { type: "string" },
    peer: { type: "string", multiple: true, default: [] },
  },
});
const rounds = Number(values.rounds);
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
let headers: Record<string, string> = {};

interface JaegerSpan {
  startTime: number;
  tags: { key: string; value: unknown }[];
}
interface Sample {
  traceId: string;
  tag: [key: string, value: string];
}

printMachine();
for (const peer of values.peer) await measure(peer, peer);
if (values.data !== undefined) {
  const traces = await start(["traces"], values.data);
  process.stdout.write(`throughline: ready after ${traces.readyMs.toFixed(0)} ms\n`);
  const base = traces.ready["console"] ?? "";
  const load =
    values.ingest === "0"
      ? undefined
      : spawn(
          process.execPath,
          [
            new URL("./traces-ingest.ts", import.meta.url).pathname,
            "--spans",
            String(Number(values.ingest) * 120),
            "--rate",
            values.ingest,
            "--peer",
            `${traces.ready["otlpGrpc"] ?? ""},${traces.ready.pid}`,
          ],
          { stdio: "ignore" },
        );
  // The load makes its requests first.
  if (load !== undefined) await spansComeIn(traces.ready["admin"] ?? "");
  await measure("throughline", base);
  await measureOwn(base);
  if (values.tenant !== undefined) await measureTenant(values.tenant, values.data, base);
  load?.kill();
  await traces.stop();
}
agent.destroy();

async function spansComeIn(admin: string): Promise<void> {
  const some = /^throughline_traces_received_bytes_total(?:\{.*\})? [1-9]/m;
  while (!some.test(await ask(`${admin}/metrics`))) await sleep(500);
}

/** What every backend with Jaeger's API answers. */
async function measure(name: string, base: string): Promise<void> {
  const samples = await takeSamples(base);
  process.stdout.write(`${name}: ${samples.length} traces known\n`);
  const one = (round: number): Sample => samples[(round * 7_919) % samples.length] ?? fail(name);
  await time("trace by id", rounds, (round) => ask(`${base}/api/traces/${one(round).traceId}`));
  const now = Date.now();
  const window = `start=${(now - 7 * 86_400_000) * 1_000}&end=${(now + 3_600_000) * 1_000}&limit=20`;
  await time("attribute = value, newest 20", rounds, (round) => {
    const [key, value] = one(round).tag;
    const tags = encodeURIComponent(JSON.stringify({ [key]: value }));
    return ask(`${base}/api/traces?service=ai-agents-enhancement&tags=${tags}&${window}`);
  });
}

/** What only ours answers. */
async function measureOwn(base: string): Promise<void> {
  const [sample] = await takeSamples(base);
  if (sample === undefined) return;
  const samples = await takeSamples(base);
  await time("attribute = value, any service, newest 20", rounds, (round) => {
    const [key, value] = (samples[(round * 7_919) % samples.length] ?? sample).tag;
    return ask(`${base}/api/throughline/traces?tag=${encodeURIComponent(`${key}=${value}`)}&limit=20`);
  });
  const to = Date.now();
  await time("RED by operation, one hour", Math.min(rounds, 50), () =>
    ask(
      `${base}/api/throughline/red?start=${new Date(to - 3_600_000).toISOString()}&end=${new Date(to).toISOString()}`,
    ),
  );
}

/** What a token sees that is bound to one tenant: the rest is behind a mask. */
async function measureTenant(tenant: string, data: string, base: string): Promise<void> {
  const args = ["token", "add", "bench", "--scope", "read", "--tenant", tenant, "--json", "--data", data];
  const { token } = JSON.parse(execFileSync(command, args, { encoding: "utf8" })) as { token: string };
  headers = { authorization: `Bearer ${token}` };
  // The backend knows of a token within a second.
  await sleep(1_500);
  const services = `${base}/api/services`;
  for (const what of ["first question", "services again"]) {
    const from = performance.now();
    await ask(services);
    process.stdout.write(`throughline, ${tenant}: ${what} ${(performance.now() - from).toFixed(1)} ms\n`);
  }
  await measure(`throughline, ${tenant}`, base);
  await measureOwn(base);
}

/** Traces over the whole window, each with a value that few spans have. */
async function takeSamples(base: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  const now = Date.now();
  for (let part = 0; part < 12; part++) {
    const end = (now - part * 300_000) * 1_000;
    const url = `${base}/api/traces?service=ai-agents-enhancement&start=${end - 3_600_000_000}&end=${end}&limit=20`;
    const { data } = JSON.parse(await ask(url)) as { data: { traceID: string; spans: JaegerSpan[] }[] };
    for (const { traceID, spans } of data) {
      const tag = spans.flatMap(({ tags }) => tags).find(({ key }) => key === "ticket.id");
      if (tag !== undefined) samples.push({ traceId: traceID, tag: [tag.key, String(tag.value)] });
    }
  }
  return samples.length > 0 ? samples : fail(base);
}

async function time(what: string, times: number, work: (round: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 10; round++) await work(round);
  const taken: number[] = [];
  for (let round = 0; round < times; round++) {
    const from = performance.now();
    await work(round + 10);
    taken.push(performance.now() - from);
  }
  taken.sort((a, b) => a - b);
  const at = (share: number): string =>
    (taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0).toFixed(1);
  process.stdout.write(`  ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);
}

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () =>
        response.statusCode === 200
          ? resolve(body)
          : reject(new Error(`${url}: ${response.statusCode} ${body}`)),
      );
    });
    request.on("error", reject);
  });
}

function fail(name: string): never {
  throw new Error(`${name} has no traces of the benchmark's corpus`);
}
