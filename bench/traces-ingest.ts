/**
 * What it costs to take spans in: CPU of the server for a million spans, bytes on its disk, memory, acknowledgements. Our backend, and each
 * `--peer OTLP_GRPC_HOST:PORT,PID` (Jaeger, VictoriaTraces, Tempo: started by you), in the same run, with the same spans.
 *
 *   node bench/traces-ingest.ts [--spans 1000000] [--hours 1] [--connections 4] [--rate SPANS_PER_SECOND] [--peer ADDRESS,PID ...] [--keep DIR]
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { connect, type ClientHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { newDirectory, printMachine, start } from "./processes.ts";
import { corpus, type CorpusRequest } from "./traces-corpus.ts";

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "1000000" },
    hours: { type: "string", default: "1" },
    connections: { type: "string", default: "4" },
    rate: { type: "string", default: "0" },
    peer: { type: "string", multiple: true, default: [] },
    keep: { type: "string" },
  },
});
const spans = Number(values.spans);
const connections = Number(values.connections);
const rate = Number(values.rate);
const settleMs = 20_000;

interface Server {
  name: string;
  address: string;
  pid: number;
  directory?: string;
}

printMachine();
const directory = values.keep === undefined ? newDirectory() : { path: values.keep, remove: () => undefined };
// Made before anything is measured: making spans costs more than taking them in.
const requestsFile = `${directory.path}/requests`;
makeRequests();
for (const peer of values.peer) {
  const [address = "", pid = "0"] = peer.split(",");
  await measure({ name: address, address, pid: Number(pid) });
}
const traces = await start(["traces"], directory.path);
await measure({
  name: "throughline",
  address: traces.ready["otlpGrpc"] ?? "",
  pid: traces.ready.pid,
  directory: `${directory.path}/traces`,
});
await traces.stop();
rmSync(requestsFile);
directory.remove();

async function measure(server: Server): Promise<void> {
  const sessions = Array.from({ length: connections }, () => connect(`http://${server.address}`));
  // Acknowledgements are measured, not how long a connection takes to be made.
  await Promise.all(sessions.map((session) => once(session, "connect")));
  const requests = readRequests();
  const acknowledged: number[] = [];
  let sent = 0;
  let mostMemory = 0;
  const began = performance.now();
  const cpuBefore = cpuSeconds(server.pid);
  const watch = setInterval(() => (mostMemory = Math.max(mostMemory, residentMb(server.pid))), 250);
  await Promise.all(
    sessions.map(async (session) => {
      for (let next = requests.next(); next.done !== true; next = requests.next()) {
        sent += next.value.spans;
        const due = rate === 0 ? 0 : began + (sent / rate) * 1_000;
        if (due > performance.now()) await sleep(due - performance.now());
        const from = performance.now();
        await exportTo(session, next.value);
        acknowledged.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  for (const session of sessions) session.close();
  await sleep(settleMs);
  clearInterval(watch);
  const cpu = cpuSeconds(server.pid) - cpuBefore;
  acknowledged.sort((a, b) => a - b);
  const at = (share: number): string =>
    (acknowledged[Math.floor(acknowledged.length * share)] ?? 0).toFixed(1);
  const lines = [
    `${sent} spans in ${seconds.toFixed(1)} s: ${Math.round(sent / seconds)} spans/s`,
    `${((cpu / sent) * 1e6).toFixed(2)} CPU s per million spans`,
    `acknowledged after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(0.9999)} ms`,
    `resident ${residentMb(server.pid).toFixed(0)} MB, at most ${mostMemory.toFixed(0)} MB`,
  ];
  if (server.directory !== undefined) {
    const bytes = Number(execFileSync("du", ["-sB1", server.directory], { encoding: "utf8" }).split("\t")[0]);
    lines.push(`${(bytes / sent).toFixed(2)} bytes per span on disk (du)`);
  }
  process.stdout.write(`${server.name}\n${lines.map((line) => `  ${line}\n`).join("")}`);
}

function makeRequests(): void {
  mkdirSync(directory.path, { recursive: true });
  const file = openSync(requestsFile, "w");
  const head = Buffer.alloc(8);
  for (const { bytes, spans: count } of corpus(spans, Number(values.hours))) {
    head.writeUInt32LE(bytes.length, 0);
    head.writeUInt32LE(count, 4);
    writeSync(file, head);
    writeSync(file, bytes);
  }
  closeSync(file);
}

function* readRequests(): Generator<CorpusRequest> {
  const file = openSync(requestsFile, "r");
  const head = Buffer.alloc(8);
  while (readSync(file, head, 0, 8, null) === 8) {
    const bytes = new Uint8Array(head.readUInt32LE(0));
    readSync(file, bytes, 0, bytes.length, null);
    yield { bytes, spans: head.readUInt32LE(4) };
  }
  closeSync(file);
}

function exportTo(session: ClientHttp2Session, { bytes }: CorpusRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status = "";
    call.on("trailers", (trailers) => (status = String(trailers["grpc-status"])));
    call.on("error", reject);
    call.on("close", () =>
      status === "0" ? resolve() : reject(new Error(`the server answered grpc-status ${status}`)),
    );
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytes.length, 1);
    call.write(head);
    call.end(bytes);
    call.resume();
  });
}

/** User and system time of a process and its threads. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
}
