import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  addTenant,
  command,
  postTicket,
  run,
  runJson,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort, startPostgres, startRedis } from "./servers.ts";

interface Report {
  ok: boolean;
  tenant: string;
  ticket: string;
  traceId: string;
  seconds: number;
  checks: { id: string; status: string; detail: string; remedy?: string }[];
}

/** Everything that a verification looks at. */
const everything = [
  "backend",
  "webhook",
  "job",
  "trace",
  "span POST /webhook/servicedesk",
  "span job_queued",
  "span enhance_ticket",
  "span context_gathering",
  "span context.ticket_history",
  "span context.documentation",
  "span context.ip_lookup",
  "span llm.openai.completion",
  "span api.servicedesk_plus.update_ticket",
  "slow tag",
  "redaction",
  "metrics",
  "logs",
  "left behind",
  "trace left",
];
const script = new URL("../scripts/test_tracing.sh", import.meta.url).pathname;
const nothingSampled = { OTEL_TRACES_SAMPLER: "always_off" };

async function traceStatus(console: string, traceId: string): Promise<number> {
  return (await fetch(`${console}/api/traces/${traceId}`)).status;
}

test(
  "a healthy system passes every check though nothing is sampled, and nothing is left behind",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const up = await start(["up"], { data, env: nothingSampled });
    const report = await runJson<Report>(["verify", "--data", data]);
    expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(report.checks.map(({ id }) => id)).toEqual(everything);
    expect(report).toMatchObject({ ok: true, tenant: "throughline-verify" });
    expect(await traceStatus(up.address("console"), report.traceId)).toBe(404);
    expect(await runJson(["tenant", "list", "--data", data])).toEqual({ tenants: [] });
    expect(await runJson(["jobs", "list", "--data", data])).toEqual({ jobs: [] });
  },
);

test(
  "the guide's script prints a table and writes JUnit; the trace stays where that is asked for",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const up = await start(["up"], { data });
    const junit = join(data, "verify.xml");
    const child = spawn(script, ["--data", data, "--junit", junit, "--keep-trace"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let table = "";
    child.stdout.on("data", (chunk) => (table += String(chunk)));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    for (const id of everything) expect(table).toMatch(new RegExp(`^  (ok|skip)\\s+${id} `, "m"));
    expect(table).toContain("19 checks: 18 ok, 1 skip");
    const xml = readFileSync(junit, "utf8");
    expect(xml).toContain('tests="19" failures="0" errors="0" skipped="1"');
    const traceId = /trace ([0-9a-f]{32})/.exec(table)?.[1] ?? "";
    expect(await traceStatus(up.address("console"), traceId)).toBe(200);
  },
);

test(
  "roles in processes of their own, on Redis and PostgreSQL, are verified through a desk that the worker reaches by name",
  { timeout: 180_000 },
  async () => {
    const data = await temporaryDirectory();
    const stores = [
      "--redis",
      `redis://127.0.0.1:${await startRedis()}`,
      "--postgres",
      `postgres://test@127.0.0.1:${await startPostgres()}/shop`,
    ];
    await start(["receiver", ...stores], { data });
    await start(["worker", ...stores], { data });
    await start(["traces"], { data });
    const port = await freePort();
    const args = ["verify", "--data", data, ...stores, "--desk-listen", `127.0.0.1:${port}`];
    const report = await runJson<Report>([...args, "--desk-url", `http://localhost:${port}`]);
    expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(report.checks.map(({ id }) => id)).toEqual(everything);
  },
);

test(
  "a system elsewhere is verified by its addresses and a tenant's secret alone",
  { timeout: 120_000 },
  async () => {
    const { data, up } = await startWithDesk({ env: nothingSampled });
    const elsewhere = await temporaryDirectory();
    writeFileSync(join(elsewhere, "secret"), "a secret of the tests\n");
    const args = ["verify", "--data", elsewhere, "--url", up.address("webhook"), "--tenant", "acme"];
    const addressed = [
      ...args,
      "--secret-file",
      join(elsewhere, "secret"),
      "--jaeger",
      up.address("console"),
    ];
    const bare = await runJson<Report>([...addressed, "--ticket", "REMOTE-1"]);
    expect(bare.checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(bare.checks.filter(({ status }) => status === "skip").map(({ id }) => id)).toEqual([
      "job",
      "metrics",
      "logs",
    ]);
    expect(bare.checks.find(({ id }) => id === "trace left")?.detail).toContain("throughline.verify=true");

    const token = await run(["token", "add", "verify", "--scope", "admin", "--data", data]);
    writeFileSync(join(elsewhere, "token"), token.stdout);
    const admin = ["--admin-url", up.address("admin"), "--token-file", join(elsewhere, "token")];
    const whole = await runJson<Report>([...addressed, "--ticket", "REMOTE-2", ...admin]);
    expect(whole.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(await traceStatus(up.address("console"), whole.traceId)).toBe(404);
  },
);

test(
  "Ctrl-C in the middle leaves no tenant and no job behind; meanwhile a second verification is refused",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    await start(["traces"], { data });
    await start(["receiver"], { data });
    const child = spawn(command, ["verify", "--data", data], { stdio: "ignore" });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await until("the job to be there", async () => {
      const { jobs } = await runJson<{ jobs: object[] }>(["jobs", "list", "--data", data]);
      return jobs.length > 0;
    });
    const other = await run(["verify", "--data", data]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stderr).toContain("TL_VERIFY_UNDER_WAY");
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(await runJson(["jobs", "list", "--data", data])).toEqual({ jobs: [] });
    expect(await runJson(["tenant", "list", "--data", data])).toEqual({ tenants: [] });
  },
);

test(
  "the demand for a sampled trace is refused from who does not hold the secret",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    await addTenant(data, "http://127.0.0.1:9");
    const receiver = await start(["receiver"], { data, env: { OTEL_TRACES_EXPORTER: "none" } });
    const forged = { "x-throughline-verify": `sha256=${"0".repeat(64)}` };
    const response = await postTicket(receiver.address("webhook"), { ticket_id: "FORGED-1" }, forged);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "TL_SIGNATURE_INVALID" });
  },
);

test.each([
  [["--tenant", "acme"], "with --url only"],
  [["--url", "http://127.0.0.1:9"], "--tenant"],
  [["--url", "http://127.0.0.1:9", "--tenant", "acme"], "--secret-file"],
  [["--desk-listen", "nowhere"], "--desk-listen"],
  [["--jaeger", "ftp://x"], "--jaeger"],
])("%j is wrong use", { timeout: 60_000 }, async (args, said) => {
  const { code, stderr } = await run(["verify", "--data", await temporaryDirectory(), ...args]);
  expect(stderr).toContain(said);
  expect(code).toBe(2);
});
