import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { run, start, temporaryDirectory } from "./harness.ts";

/** Receivers of their own for tests of the front door: no worker, no trace backend, a desk that nobody asks. */

export const doorSecret = "canary-secret-of-the-front-door";

const desk = { kind: "servicedesk-plus", url: "http://127.0.0.1:9" };

/** Several at once, as `tenant add` would make them; `settings` as in `--settings`. */
export async function addTenants(
  data: string,
  tenants: Readonly<Record<string, { secret?: string; settings?: Record<string, unknown> }>>,
): Promise<void> {
  const { openStore } = await import("@throughline/enhancer");
  const store = await openStore(data, { postgres: undefined, redis: undefined });
  for (const [id, { secret = doorSecret, settings }] of Object.entries(tenants)) {
    const secrets = { webhook: secret, deskKey: "k" };
    await store.tenants.add({ id, settings: { desk, ...settings }, secrets });
  }
  await store.close();
}

const noRate = { webhook: { ratePerMinute: null } };

export async function startReceiver(
  options: {
    flags?: readonly string[];
    tenants?: Parameters<typeof addTenants>[1];
    env?: Record<string, string>;
    data?: string;
  } = {},
) {
  const data = options.data ?? (await temporaryDirectory());
  if (options.data === undefined)
    await addTenants(data, options.tenants ?? { acme: { settings: noRate }, other: { settings: noRate } });
  const receiver = await start(["receiver", ...(options.flags ?? [])], {
    data,
    env: { OTEL_TRACES_EXPORTER: "none", ...options.env },
  });
  return { data, receiver, url: receiver.address("webhook") };
}

export const hex = (algorithm: "sha1" | "sha256", ...parts: readonly (string | Buffer)[]) =>
  mac(algorithm, doorSecret, parts).toString("hex");
export const base64 = (secret: string | Buffer, ...parts: readonly (string | Buffer)[]) =>
  mac("sha256", secret, parts).toString("base64");

function mac(algorithm: string, secret: string | Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const digest = createHmac(algorithm, secret);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

export function ticket(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    event: "ticket.created",
    ticket_id: "TICKET-1",
    tenant_id: "acme",
    description: "VPN fails",
    priority: "high",
    created_at: "2026-11-24T10:00:00Z",
    ...fields,
  });
}

export interface Answered {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & {
    code?: string;
    job_id?: string;
    trace_id?: string;
    status?: unknown;
    errors?: { field: string; message: string }[];
  };
}

export async function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  path = "/webhook/servicedesk",
): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Answered["body"] };
}

/** Signed by our own contract. */
export function postSigned(url: string, body: string, headers: Record<string, string> = {}, path?: string) {
  return post(url, body, { "x-servicedesk-signature": `sha256=${hex("sha256", body)}`, ...headers }, path);
}

/** Sends bytes as they are and gives back all that came until the server closed, or `forMs` went by. */
export function raw(
  url: string,
  bytes: string | Buffer | readonly string[],
  forMs = 20_000,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = "";
    const timer = setTimeout(() => socket.destroy(), forMs);
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    for (const part of typeof bytes === "string" || Buffer.isBuffer(bytes) ? [bytes] : bytes)
      socket.write(part);
  });
}

export async function jobs(data: string): Promise<{ id: string; ticketId: string; state: string }[]> {
  const { stdout, stderr, code } = await run(["jobs", "list", "--limit", "1000", "--json", "--data", data]);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { jobs: { id: string; ticketId: string; state: string }[] }).jobs;
}
