import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The shipped command. */
export const command = new URL("../node_modules/.bin/throughline", import.meta.url).pathname;
const anyPort = [
  "webhook",
  "admin",
  "console",
  "otlp-grpc",
  "otlp-http",
  "query-grpc",
  "zipkin",
  "jaeger-thrift",
  "jaeger-compact",
  "jaeger-binary",
].flatMap((part) => [`--${part}`, "127.0.0.1:0"]);
export const secret = "a secret of the benchmarks";

export interface Started {
  child: ChildProcess;
  ready: Record<string, string> & { pid: number };
  /** For the admin API. */
  token: string;
  /** Milliseconds from spawn to the ready file. */
  readyMs: number;
  /** Ends it by a signal, SIGTERM unless told, and waits. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export function newDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "throughline-bench-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

let readyFiles = 0;

/** Starts a serving command, on free ports where its arguments name none, and waits until it is ready. */
export async function start(
  args: readonly string[],
  data: string,
  env: Record<string, string> = {},
  /** A file for what it says on standard error; the terminal's Ctrl-C then does not reach it. */
  log?: string,
): Promise<Started> {
  const readyFile = join(data, `ready-${process.pid}-${++readyFiles}.json`);
  const [role = "", ...rest] = args;
  const ports = role === "simulate" ? [] : anyPort;
  const began = performance.now();
  const child = spawn(command, [role, ...ports, ...rest, "--data", data, "--ready-file", readyFile], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", log === undefined ? "inherit" : openSync(log, "a")],
    detached: log !== undefined,
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null) throw new Error(`${args.join(" ")} ended with ${child.exitCode}`);
    await sleep(10);
  }
  const readyMs = performance.now() - began;
  const ready = JSON.parse(readFileSync(readyFile, "utf8")) as Started["ready"];
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    await closed;
  };
  const runFile = join(data, "run", `${args[0]}.json`);
  const token = existsSync(runFile)
    ? (JSON.parse(readFileSync(runFile, "utf8")) as { token: string }).token
    : "";
  return { child, ready, token, readyMs, stop };
}

/** Runs a command to its end. */
export async function run(args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`throughline ${args.join(" ")} ended with ${code}`);
}

/** Resident memory in MB and CPU seconds so far, from /proc. */
export function usage(pid: number): { residentMb: number; cpuSeconds: number } {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  // Fields 14 and 15 after the command in parentheses: user and system time in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return { residentMb: Number(resident) / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

export function ticketBody(at: number): string {
  return JSON.stringify({
    event: "ticket.created",
    ticket_id: `BENCH-${at}`,
    tenant_id: "bench",
    description: `VPN certificate expired on 10.0.0.${at % 250}, the client cannot connect since this morning.`,
    priority: "medium",
    created_at: "2026-11-23T09:00:00Z",
  });
}

/** Every ticket of a run is another one: the same would be a repeated delivery. */
let nextTicket = 0;

/** Posts one signed webhook and returns its answer. */
export async function postOne(
  webhook: string,
  ticketId: string,
): Promise<{ job_id: string; trace_id: string }> {
  const body = ticketBody(nextTicket++).replace(/BENCH-\d+/, ticketId);
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-servicedesk-signature": `sha256=${signature}` };
  const response = await fetch(`${webhook}/webhook/servicedesk`, { method: "POST", headers, body });
  if (response.status !== 202)
    throw new Error(`a webhook was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { job_id: string; trace_id: string };
}

/** Posts signed webhooks over so many kept connections for a time; latencies in milliseconds. */
export async function postFor(webhook: string, connections: number, forMs: number) {
  const url = new URL("/webhook/servicedesk", webhook);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let refused = 0;
  const until = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        const body = ticketBody(nextTicket++);
        const began = performance.now();
        const status = await post(url, agent, body);
        latencies.push(performance.now() - began);
        if (status !== 202) refused++;
      }
    }),
  );
  agent.destroy();
  return {
    accepted: latencies.length - refused,
    refused,
    seconds: forMs / 1_000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

export function post(url: URL, agent: Agent | undefined, body: string): Promise<number> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-servicedesk-signature": `sha256=${signature}`,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "POST", headers, ...(agent === undefined ? {} : { agent }) },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function printMachine(): void {
  const { model } = cpus()[0] ?? { model: "unknown CPU" };
  process.stdout.write(
    `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}\n`,
  );
}
