/**
 * What each protocol costs. Spans in: requests a second, spans a second and CPU of the server for a million spans, by protocol, each in a
 * backend of its own, and datagrams lost at a steady rate. Answers: a trace of 100,000 spans by each API, and what 200 clients that read
 * slowly do to acknowledgements. `--peer NAME=OTLP_GRPC,OTLP_HTTP,ZIPKIN,PID` measures another backend (addresses host:port, `-` for none).
 *
 *   node bench/protocols.ts [--spans 100000] [--seconds 20] [--large 100000] [--readers 200] [--peer ...]
 */
import { createSocket } from "node:dgram";
import { Agent, get, request } from "node:http";
import { connect, type ClientHttp2Session } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { resourceSpans } from "../packages/traces/src/api/jaeger/otlp-json.ts";
import { decodeOtlpProtobuf } from "../packages/traces/src/decode/otlp-protobuf.ts";
import type { SpanRecord } from "../packages/traces/src/model.ts";
import { encodeBatch } from "../packages/traces/src/store/batch-encoding.ts";
import { compactDatagram, thriftBatch } from "../test/wire/thrift.ts";
import { zipkinV1, zipkinV2 } from "../test/wire/zipkin.ts";
import { newDirectory, printMachine, start, usage } from "./processes.ts";
import { corpus } from "./traces-corpus.ts";

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "100000" },
    seconds: { type: "string", default: "20" },
    large: { type: "string", default: "100000" },
    readers: { type: "string", default: "200" },
    peer: { type: "string", multiple: true, default: [] },
  },
});
const datagramRate = 5_000;
const spansOfDatagram = 4;
/** Until heads have become blocks. */
const settleMs = 10_000;
const connections = 4;

interface Sent {
  body: Buffer;
  spans: number;
}

interface Target {
  otlpGrpc: string;
  otlpHttp: string;
  zipkin: string;
  jaegerThrift: string;
  pid: number;
}

interface Protocol {
  name: string;
  encode: (spans: readonly SpanRecord[]) => string | Uint8Array;
  address: (target: Target) => string;
  path: string;
  type: string;
}

const json = (spans: readonly SpanRecord[]): string =>
  `{"resourceSpans":[${Array.from(resourceSpans(spans), (pieces) => [...pieces].join("")).join()}]}`;
const protocols: readonly Protocol[] = [
  { name: "OTLP gRPC", encode: encodeBatch, address: (to) => to.otlpGrpc, path: "", type: "" },
  {
    name: "OTLP HTTP protobuf",
    encode: encodeBatch,
    address: (to) => to.otlpHttp,
    path: "/v1/traces",
    type: "application/x-protobuf",
  },
  {
    name: "OTLP HTTP JSON",
    encode: json,
    address: (to) => to.otlpHttp,
    path: "/v1/traces",
    type: "application/json",
  },
  {
    name: "Zipkin v2 JSON",
    encode: zipkinV2,
    address: (to) => to.zipkin,
    path: "/api/v2/spans",
    type: "application/json",
  },
  {
    name: "Zipkin v1 JSON",
    encode: zipkinV1,
    address: (to) => to.zipkin,
    path: "/api/v1/spans",
    type: "application/json",
  },
  {
    name: "Jaeger Thrift HTTP",
    encode: thriftBatch,
    address: (to) => to.jaegerThrift,
    path: "/api/traces",
    type: "application/x-thrift",
  },
];

printMachine();
const batches = Array.from(corpus(Number(values.spans), 1), ({ bytes }) =>
  carried(decodeOtlpProtobuf(bytes).spans),
);
const peers = values.peer.map((text) => {
  const [name = "", rest = ""] = text.split("=");
  const [otlpGrpc = "-", otlpHttp = "-", zipkin = "-", pid = "0"] = rest.split(",");
  return { name, target: { otlpGrpc, otlpHttp, zipkin, jaegerThrift: "-", pid: Number(pid) } };
});
let base: { ours: number; peers: Map<string, number> } | undefined;
for (const protocol of protocols) {
  const requests = batches.flatMap((spans): Sent[] =>
    protocol.name === "Jaeger Thrift HTTP"
      ? [...Map.groupBy(spans, ({ resource }) => resource).values()].map((own) => sent(protocol, own))
      : [sent(protocol, spans)],
  );
  const directory = newDirectory();
  const backend = await start(["traces"], directory.path);
  const ours = await measure(protocol, addressesOf(backend.ready), requests);
  await backend.stop();
  directory.remove();
  base ??= { ours: ours.cpu, peers: new Map() };
  print(protocol.name, ours, base.ours);
  for (const { name, target } of peers) {
    if (protocol.address(target) === "-") continue;
    const theirs = await measure(protocol, target, requests);
    if (!base.peers.has(name)) base.peers.set(name, theirs.cpu);
    print(`  ${name}`, theirs, base.peers.get(name) ?? theirs.cpu);
    process.stdout.write(`    ours / ${name}: ${(ours.cpu / theirs.cpu).toFixed(2)} of its CPU\n`);
  }
}
await measureDatagrams();
await measureAnswers();

interface Figures {
  requestsPerSecond: number;
  spansPerSecond: number;
  /** Seconds for a million spans. */
  cpu: number;
}

function print(name: string, { requestsPerSecond, spansPerSecond, cpu }: Figures, ofGrpc: number): void {
  process.stdout.write(
    `${name.padEnd(22)} ${requestsPerSecond.toFixed(0).padStart(6)} requests/s ${spansPerSecond.toFixed(0).padStart(8)} spans/s ${cpu.toFixed(2).padStart(7)} CPU s/M, ${(cpu / ofGrpc).toFixed(2)} of OTLP gRPC\n`,
  );
}

/** Zipkin and Jaeger have no lists: no span of the corpus has any. */
function carried(spans: readonly SpanRecord[]): SpanRecord[] {
  return spans.map((span) => ({ ...span, links: [] }));
}

function sent({ encode }: Protocol, spans: readonly SpanRecord[]): Sent {
  const bytes = encode(spans);
  return { body: typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes), spans: spans.length };
}

function addressesOf(ready: Record<string, string> & { pid: number }): Target {
  const at = (part: string): string => (ready[part] ?? "").replace(/^http:\/\//, "");
  return {
    otlpGrpc: at("otlpGrpc"),
    otlpHttp: at("otlpHttp"),
    zipkin: at("zipkin"),
    jaegerThrift: at("jaegerThrift"),
    pid: ready.pid,
  };
}

async function measure(protocol: Protocol, target: Target, requests: readonly Sent[]): Promise<Figures> {
  const address = protocol.address(target);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const before = usage(target.pid).cpuSeconds;
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const session = protocol.path === "" ? connect(`http://${address}`) : undefined;
      for (let at = next++; at < requests.length; at = next++) {
        const one = requests[at] as Sent;
        await (session === undefined
          ? post(agent, address, protocol, one.body)
          : exportTo(session, one.body));
      }
      session?.close();
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  await sleep(settleMs);
  const spans = requests.reduce((sum, one) => sum + one.spans, 0);
  return {
    requestsPerSecond: requests.length / seconds,
    spansPerSecond: spans / seconds,
    cpu: ((usage(target.pid).cpuSeconds - before) / spans) * 1e6,
  };
}

function post(agent: Agent, address: string, { path, type }: Protocol, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `http://${address}${path}`,
      { method: "POST", agent, headers: { "content-type": type, "content-length": body.length } },
      (response) => {
        response.resume();
        response.on("end", () =>
          (response.statusCode ?? 500) < 300
            ? resolve()
            : reject(new Error(`${path}: ${response.statusCode}`)),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function exportTo(session: ClientHttp2Session, bytes: Buffer): Promise<void> {
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
    call.on("close", () => (status === "0" ? resolve() : reject(new Error(`grpc-status ${status}`))));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytes.length, 1);
    call.end(Buffer.concat([head, bytes]));
    call.resume();
  });
}

/** Datagrams at a steady rate: every span is to be stored. */
async function measureDatagrams(): Promise<void> {
  const directory = newDirectory();
  const backend = await start(["traces"], directory.path);
  const [host = "", port = ""] = (backend.ready["jaegerCompact"] ?? "").split(":");
  const spans = batches.flat().slice(0, datagramRate * Number(values.seconds));
  const datagrams: { bytes: Uint8Array; spans: number }[] = [];
  for (const own of Map.groupBy(spans, ({ resource }) => resource).values())
    for (let at = 0; at < own.length; at += spansOfDatagram) {
      const some = own.slice(at, at + spansOfDatagram);
      datagrams.push({ bytes: compactDatagram(some), spans: some.length });
    }
  const socket = createSocket("udp4");
  const before = usage(backend.ready.pid).cpuSeconds;
  const began = performance.now();
  let out = 0;
  for (const { bytes, spans: count } of datagrams) {
    const due = began + (out / datagramRate) * 1_000;
    await sleep(Math.max(0, due - performance.now()));
    socket.send(bytes, Number(port), host);
    out += count;
  }
  await sleep(settleMs);
  socket.close();
  const metrics = await (await fetch(`${backend.ready["admin"]}/metrics`)).text();
  const stored = Number(
    /throughline_traces_spans_accepted_total\{[^}]*jaeger-compact-datagrams[^}]*\} (\d+)/.exec(
      metrics,
    )?.[1] ?? 0,
  );
  const cpu = ((usage(backend.ready.pid).cpuSeconds - before) / out) * 1e6;
  process.stdout.write(
    `UDP compact, ${datagramRate} spans/s for ${values.seconds} s: ${out - stored} of ${out} spans lost, ${cpu.toFixed(2)} CPU s/M\n`,
  );
  await backend.stop();
  directory.remove();
}

async function measureAnswers(): Promise<void> {
  const directory = newDirectory();
  const backend = await start(["traces"], directory.path);
  const target = addressesOf(backend.ready);
  const traceId = "5".repeat(32);
  const count = Number(values.large);
  const session = connect(`http://${target.otlpGrpc}`);
  const spans = batches.flat();
  for (let at = 0; at < count; at += 500) {
    const some = Array.from({ length: Math.min(500, count - at) }, (_, own): SpanRecord => {
      const number = at + own;
      const like = spans[number % spans.length] as SpanRecord;
      const id = (of: number): string => (of + 1).toString(16).padStart(16, "0");
      return { ...like, traceId, spanId: id(number), parentSpanId: number === 0 ? "" : id(number % 1_000) };
    });
    await exportTo(session, Buffer.from(encodeBatch(some)));
  }
  await sleep(settleMs);
  const console = backend.ready["console"] ?? "";
  const trace = {
    legacy: `/api/traces/${traceId}`,
    v3: `/api/v3/traces/${traceId}`,
    own: `/api/throughline/traces/${traceId}`,
  };
  const before = usage(backend.ready.pid).residentMb;
  for (const [name, url] of Object.entries(trace)) {
    const times: number[] = [];
    let first = 0;
    let bytes = 0;
    for (let round = 0; round < 5; round++) {
      const began = performance.now();
      const answer = await fetch(`${console}${url}`);
      first = performance.now() - began;
      bytes = (await answer.arrayBuffer()).byteLength;
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    process.stdout.write(
      `a trace of ${count} spans, ${name}: ${(times[2] ?? 0).toFixed(0)} ms (head after ${first.toFixed(0)} ms), ${(bytes / 1e6).toFixed(0)} MB; resident ${before.toFixed(0)} -> ${usage(backend.ready.pid).residentMb.toFixed(0)} MB\n`,
    );
  }
  const quiet = await acknowledgements(session);
  const readers = Array.from({ length: Number(values.readers) }, () => {
    const reading = get(`${console}${trace.legacy}`, (answer) => {
      answer.on("error", () => undefined);
      // A little at a time.
      const slowly = setInterval(() => answer.read(4_096), 1_000);
      answer.on("close", () => clearInterval(slowly));
      answer.pause();
    });
    reading.on("error", () => undefined);
    return reading;
  });
  await sleep(5_000);
  const { residentMb } = usage(backend.ready.pid);
  const busy = await acknowledgements(session);
  for (const reading of readers) reading.destroy();
  process.stdout.write(
    `acknowledgement of 500 spans, p50 / p99: ${quiet} alone, ${busy} beside ${values.readers} slow readers of that trace (resident ${residentMb.toFixed(0)} MB)\n`,
  );
  session.close();
  await backend.stop();
  directory.remove();
}

/** p50 and p99 over ten seconds at 5,000 spans a second. */
async function acknowledgements(session: ClientHttp2Session): Promise<string> {
  const times: number[] = [];
  const pending: Promise<void>[] = [];
  for (let at = 0; at < 100; at++) {
    const bytes = Buffer.from(encodeBatch(batches[at % batches.length] ?? []));
    const began = performance.now();
    pending.push(exportTo(session, bytes).then(() => void times.push(performance.now() - began)));
    await sleep(100);
  }
  await Promise.all(pending);
  times.sort((a, b) => a - b);
  return `${(times[50] ?? 0).toFixed(0)} / ${(times[98] ?? 0).toFixed(0)} ms`;
}
