import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  postTicket,
  run,
  start,
  temporaryDirectory,
  traceWith,
  until,
} from "./harness.ts";
import { program } from "./programs.ts";

export const roles = ["receiver", "worker", "traces"] as const;
type Role = (typeof roles)[number];

/** All roles as processes of their own, with a model, TLS and a budget; a ticket that gets its note, one that is refused, one that is tried again. */
async function startEverything() {
  const data = await temporaryDirectory();
  const certificate = { cert: join(data, "cert.pem"), key: join(data, "key.pem") };
  const openssl = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "30",
  ];
  execFileSync(
    program("openssl"),
    [...openssl, "-subj", "/CN=localhost", "-keyout", certificate.key, "-out", certificate.cert],
    { stdio: "ignore" },
  );
  const [desk, refusing, failing, llm] = await Promise.all([
    start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") }),
    start(["simulate", "desk", "--key", deskKey, "--fail", "403"], { data: join(data, "refusing") }),
    start(["simulate", "desk", "--key", deskKey, "--fail", "500"], { data: join(data, "failing") }),
    start(["simulate", "llm", "--key", "sk-test-key-0123456789"], { data: join(data, "llm") }),
  ]);
  await addTenant(data, desk.address("desk"), ["--day-usd", "5"]);
  for (const [tenant, at] of [
    ["refused", refusing],
    ["retried", failing],
  ] as const) {
    const where = ["--desk", at.address("desk"), "--desk-key", deskKey, "--data", data];
    const added = await run(["tenant", "add", tenant, "--secret", "a secret of the tests", ...where]);
    expect(added.code, added.stderr).toBe(0);
  }
  const traces = await start(["traces", "--tls-cert", certificate.cert, "--tls-key", certificate.key], {
    data,
  });
  const receiver = await start(["receiver"], { data });
  const env = {
    OPENAI_API_KEY: "sk-test-key-0123456789",
    OPENAI_BASE_URL: `${llm.address("llm")}/v1`,
    OPENAI_MODEL: "gpt-4o-mini",
  };
  const worker = await start(["worker"], { data, env });

  const good = await acceptTicket(receiver.address("webhook"), "METRICS-1");
  const bad = (await (
    await postTicket(receiver.address("webhook"), { ticket_id: "METRICS-2", tenant_id: "refused" })
  ).json()) as { job_id: string; trace_id: string };
  await postTicket(receiver.address("webhook"), { ticket_id: "METRICS-3", tenant_id: "retried" });
  const unsigned = await postTicket(
    receiver.address("webhook"),
    { ticket_id: "METRICS-4" },
    { "x-servicedesk-signature": "sha256=00" },
  );
  expect(unsigned.status).toBe(401);
  expect(await jobEnded(receiver.address("admin"), good.job_id)).toMatchObject({ status: "success" });
  expect(await jobEnded(receiver.address("admin"), bad.job_id)).toMatchObject({ state: "dead" });
  for (const { trace_id: traceId } of [good, bad])
    await traceWith(traces.address("console"), traceId, (spans) =>
      spans.some(({ operationName }) => operationName === "enhance_ticket"),
    );
  await until("the failed attempt to be counted", async () =>
    (await scrape(worker.address("admin"))).includes("enhancement_retries_total{"),
  );
  const admin: Record<Role, string> = {
    receiver: receiver.address("admin"),
    worker: worker.address("admin"),
    traces: traces.address("admin"),
  };
  return { admin, console: traces.address("console"), traceIds: [good.trace_id, bad.trace_id] };
}

async function scrape(admin: string): Promise<string> {
  return (await fetch(`${admin}/metrics`)).text();
}

let told: Record<Role, string> | undefined;

/** Lives as long as the test that asks for it. */
export async function everything() {
  const started = await startEverything();
  const [receiver = "", worker = "", traces = ""] = await Promise.all(
    roles.map((role) => scrape(started.admin[role])),
  );
  told = { receiver, worker, traces };
  return { ...started, texts: told };
}

/** What each role tells after such tickets; read once for all tests. */
export async function scrapes(): Promise<Record<Role, string>> {
  return told ?? (await everything()).texts;
}

export interface Family {
  name: string;
  type: string;
  help: string;
  labels: Set<string>;
  roles: Role[];
}

/** Every family of all roles, by name. */
export async function families(): Promise<Map<string, Family>> {
  const found = new Map<string, Family>();
  for (const [role, text] of Object.entries(await scrapes()) as [Role, string][]) {
    let family: Family | undefined;
    for (const line of text.trim().split("\n")) {
      const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
      if (name !== undefined) {
        family = found.get(name) ?? { name, help: help ?? "", type: "", labels: new Set(), roles: [] };
        family.roles.push(role);
        found.set(name, family);
      } else if (line.startsWith("# TYPE")) {
        if (family !== undefined) family.type = line.split(" ").at(-1) ?? "";
      } else {
        for (const [, label] of line.matchAll(/[{,]([a-zA-Z_]\w*)="/g)) family?.labels.add(label ?? "");
      }
    }
  }
  return found;
}
