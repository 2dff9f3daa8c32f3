import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFailed, onTestFinished } from "vitest";

/** The shipped command, as `npx throughline` finds it. */
export const command = new URL("../node_modules/.bin/throughline", import.meta.url).pathname;

/** Free ports everywhere, and spans that leave at once. */
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
const quickSpans = { OTEL_BSP_SCHEDULE_DELAY: "100" };

export interface Running {
  child: ChildProcess;
  /** As in the ready file. */
  ready: Record<string, string> & { pid: number };
  address(part: string): string;
  /** Ends the process with a signal and waits; the exit code, null after a signal. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  output(): string;
}

/** A directory that goes with the test, but stays when it fails. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-test-"));
  let keep = false;
  onTestFailed(() => {
    keep = true;
    process.stderr.write(`data of the failed test: ${directory}\n`);
  });
  onTestFinished(async () => {
    if (!keep) await rm(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
) {
  const child = spawn(command, args, {
    env: environment(options.env),
    cwd: options.cwd,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

/** Runs a command that must succeed with `--json` and returns what it printed. */
export async function runJson<T>(
  args: readonly string[],
  options: { env?: Record<string, string> } = {},
): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"], options);
  if (code !== 0) throw new Error(`throughline ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

let readyFiles = 0;
/** By admin address: what the instance announces to whoever may read its data directory. */
const adminTokens = new Map<string, string>();

/** What an instance of this role announces in its data directory, for `adminFetch`. */
export function learnAdminToken(admin: string, data: string, role: string): void {
  const runFile = join(data, "run", `${role}.json`);
  if (!existsSync(runFile)) return;
  const { token } = JSON.parse(readFileSync(runFile, "utf8")) as { token: string };
  adminTokens.set(admin, token);
}

/** Asks the admin API (`/jobs/...`) as a local command does. */
export function adminFetch(admin: string, path: string, init: RequestInit = {}): Promise<Response> {
  const authorization = `Bearer ${adminTokens.get(admin) ?? ""}`;
  const headers = { ...(init.headers as Record<string, string> | undefined), authorization };
  return fetch(`${admin}/admin/api${path}`, { ...init, headers });
}

/** Starts a serving command and waits for its ready file; ended with the test by its own process id. */
export async function start(
  args: readonly string[],
  options: {
    data: string;
    env?: Record<string, string>;
    ports?: readonly string[];
    /** A program that becomes the command: what it is and its arguments stand behind these. */
    through?: readonly string[];
  },
): Promise<Running> {
  const readyFile = join(options.data, `ready-${process.pid}-${++readyFiles}.json`);
  const [role = ""] = args;
  const ports = options.ports ?? (role === "simulate" ? [] : anyPort);
  const [program, ...before] = [...(options.through ?? []), command];
  const child = spawn(
    program,
    [...before, ...args, "--data", options.data, "--ready-file", readyFile, ...ports],
    {
      env: environment({ ...quickSpans, ...options.env }),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const end = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return closed;
  };
  onTestFinished(async () => void (await end("SIGKILL")));
  await until(`${role} to be ready`, () => {
    if (child.exitCode !== null)
      throw new Error(`${args.join(" ")} ended with ${child.exitCode}:\n${output}`);
    return existsSync(readyFile);
  });
  const ready = JSON.parse(readFileSync(readyFile, "utf8")) as Running["ready"];
  if (typeof ready["admin"] === "string") learnAdminToken(ready["admin"], options.data, role);
  const address = (part: string) => {
    const found = ready[part];
    if (typeof found !== "string") throw new Error(`no ${part} in ${JSON.stringify(ready)}`);
    return found;
  };
  return { child, ready, address, end, output: () => output };
}

/** Tests see nothing of the settings of whoever runs them. */
function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(THROUGHLINE_|OTEL_|OPENAI_|DEPLOYMENT_ENV|FORCE_COLOR|NO_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

/** Waits until a condition holds; fails loudly when it never does. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(25);
  }
}

const secret = "a secret of the tests";
export const deskKey = "desk-key-of-the-tests";

/** `up` (or other roles) with a simulated desk and the tenant `acme`. */
export async function startWithDesk(
  options: { deskArgs?: readonly string[]; env?: Record<string, string>; args?: readonly string[] } = {},
) {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey, ...(options.deskArgs ?? [])], {
    data: join(data, "desk"),
  });
  await addTenant(data, desk.address("desk"));
  const up = await start(["up", ...(options.args ?? [])], {
    data,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  return { data, desk, up };
}

export async function addTenant(data: string, deskUrl: string, extra: readonly string[] = []): Promise<void> {
  const { code, stderr } = await run([
    "tenant",
    "add",
    "acme",
    "--secret",
    secret,
    "--desk",
    deskUrl,
    "--desk-key",
    deskKey,
    "--data",
    data,
    ...extra,
  ]);
  if (code !== 0) throw new Error(stderr);
}

export interface TicketBody {
  ticket_id: string;
  description?: string;
  [field: string]: unknown;
}

/** Posts a webhook signed as a desk signs it. */
export async function postTicket(
  webhook: string,
  ticket: TicketBody,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = JSON.stringify({
    event: "ticket.created",
    tenant_id: "acme",
    description: "VPN certificate expired on 10.0.0.5",
    priority: "high",
    created_at: new Date().toISOString(),
    ...ticket,
  });
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return fetch(`${webhook}/webhook/servicedesk`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-servicedesk-signature": signature, ...headers },
    body,
  });
}

/** Sends a ticket that must be accepted. */
export async function acceptTicket(webhook: string, ticketId: string, description?: string) {
  const response = await postTicket(webhook, {
    ticket_id: ticketId,
    ...(description === undefined ? {} : { description }),
  });
  if (response.status !== 202)
    throw new Error(`${ticketId} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { job_id: string; trace_id: string };
}

export interface Job {
  id: string;
  state: string;
  status: string | null;
  reason: string | null;
  noteId: string | null;
  attempts: number;
  traceId: string;
}

/** One note where it is done, at most one and a reason where it is dead. */
export function isRightEnd({ state, reason }: Job, notes: number): boolean {
  return state === "done" ? notes === 1 : state === "dead" && reason !== null && reason !== "" && notes <= 1;
}

export async function jobEnded(admin: string, jobId: string): Promise<Job> {
  return until(`job ${jobId} to end`, async () => {
    const job = (await (await adminFetch(admin, `/jobs/${jobId}`)).json()) as Job;
    return job.state === "done" || job.state === "dead" ? job : undefined;
  });
}

/** The notes on a request, as the desk's own API gives them. */
export async function notesOf(
  desk: string,
  ticketId: string,
): Promise<{ id: string; description: string; show_to_requester: boolean }[]> {
  const response = await fetch(`${desk}/api/v3/requests/${ticketId}/notes`, {
    headers: { authtoken: deskKey },
  });
  const { notes } = (await response.json()) as {
    notes?: { id: string; description: string; show_to_requester: boolean }[];
  };
  return notes ?? [];
}

export interface JaegerSpan {
  spanID: string;
  traceID: string;
  operationName: string;
  startTime: number;
  duration: number;
  references: { refType: string; traceID: string; spanID: string }[];
  tags: { key: string; type: string; value: unknown }[];
  logs: { timestamp: number; fields: { key: string; value: unknown }[] }[];
}

/** A trace by Jaeger's API once it holds the spans that are waited for. */
export async function traceWith(
  console: string,
  traceId: string,
  enough: (spans: JaegerSpan[]) => boolean,
  headers: Record<string, string> = {},
): Promise<JaegerSpan[]> {
  return until(`trace ${traceId} to be complete`, async () => {
    const response = await fetch(`${console}/api/traces/${traceId}`, { headers });
    if (response.status !== 200) return undefined;
    const { data } = (await response.json()) as { data: { spans: JaegerSpan[] }[] };
    const spans = data[0]?.spans ?? [];
    return enough(spans) ? spans : undefined;
  });
}

export function tag(span: JaegerSpan | undefined, key: string): unknown {
  return span?.tags.find((candidate) => candidate.key === key)?.value;
}

export function named(spans: readonly JaegerSpan[], name: string): JaegerSpan[] {
  return spans.filter((span) => span.operationName === name).sort((a, b) => a.startTime - b.startTime);
}
