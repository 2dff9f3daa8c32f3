import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  acceptTicket,
  adminFetch,
  command,
  jobEnded,
  named,
  run,
  runJson,
  start,
  startWithDesk,
  temporaryDirectory,
  traceWith,
  until,
} from "./harness.ts";

/** Posts a webhook of `acme` signed with a secret of the test's choice. */
async function signedWith(secret: string, webhook: string, ticket: string): Promise<number> {
  const body = JSON.stringify({
    event: "ticket.created",
    ticket_id: ticket,
    tenant_id: "acme",
    description: "VPN fails",
    priority: "high",
    created_at: new Date().toISOString(),
  });
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-servicedesk-signature": `sha256=${signature}` };
  return (await fetch(`${webhook}/webhook/servicedesk`, { method: "POST", headers, body })).status;
}

test("after rotate-secret both secrets are taken until the old one is ended; --now leaves the new one alone", async () => {
  const { up, data } = await startWithDesk();
  const webhook = up.address("webhook");
  const at = ["--data", data];
  const old = "a secret of the tests";
  const first = await runJson<{ secret: string; previousValidUntil: string }>([
    "tenant",
    "rotate-secret",
    "acme",
    ...at,
  ]);
  const hours = (Date.parse(first.previousValidUntil) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23);
  expect(hours).toBeLessThan(24.1);
  await until(
    "the new secret to be taken",
    async () => (await signedWith(first.secret, webhook, "N-1")) === 202,
  );
  expect(await signedWith(old, webhook, "O-1")).toBe(202);
  expect(await run(["tenant", "rotate-secret", "acme", "--end-old", ...at])).toMatchObject({ code: 0 });
  await until("the old secret to be refused", async () => (await signedWith(old, webhook, "O-2")) === 401);
  expect(await signedWith(first.secret, webhook, "N-2")).toBe(202);
  const given = "a secret given on standard input";
  const shown = await run(["tenant", "rotate-secret", "acme", "--secret", "-", "--now", ...at], {
    input: `${given}\n`,
  });
  expect(shown).toMatchObject({ code: 0, stdout: expect.not.stringContaining(given) });
  await until("the given secret to be taken", async () => (await signedWith(given, webhook, "N-3")) === 202);
  expect(await signedWith(first.secret, webhook, "N-4")).toBe(401);
  for (const wrong of [
    ["nobody", ...at],
    ["acme", "--grace", "soon", ...at],
  ])
    expect((await run(["tenant", "rotate-secret", ...wrong])).code, wrong[0]).toBe(
      wrong[0] === "acme" ? 2 : 1,
    );
});

test("rotate-key seals everything anew while a process runs, which goes on; a wrong key stops a start and names the file", async () => {
  const { up, data } = await startWithDesk();
  const at = ["--data", data];
  const file = join(data, "tenants.key");
  const before = readFileSync(file);
  expect(await run(["tenant", "rotate-key", ...at])).toMatchObject({ code: 0 });
  expect(readFileSync(file).equals(before)).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await acceptTicket(up.address("webhook"), "KEY-1");
  await run(["tenant", "set", "acme", "--mode", "automatic", "--language", "de", ...at]);
  await until("the change to be known", async () => {
    const view = (await (await adminFetch(up.address("admin"), "/tenants/acme")).json()) as {
      revision: number;
    };
    return view.revision === 2;
  });
  const { job_id: job } = await acceptTicket(up.address("webhook"), "KEY-2");
  expect(await jobEnded(up.address("admin"), job)).toMatchObject({ state: "done" });
  await up.end();

  renameSync(file, `${file}.kept`);
  const refused = await run(["up", ...at]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(file) });
  expect(refused.stderr).toContain("TL_TENANTS_KEY_WRONG");
  expect((await run(["tenant", "show", "acme", ...at])).stdout).toContain("TL_TENANTS_KEY_WRONG");
  expect(existsSync(file)).toBe(false);
  const env = { THROUGHLINE_TENANTS_KEY: readFileSync(`${file}.kept`).toString("base64") };
  const again = await start(["up"], { data, env });
  await acceptTicket(again.address("webhook"), "KEY-3");
  for (const THROUGHLINE_TENANTS_KEY of ["short", randomBytes(31).toString("hex")]) {
    const { code, stderr } = await run(["tenant", "list", "--data", await temporaryDirectory()], {
      env: { THROUGHLINE_TENANTS_KEY },
    });
    expect({
      code,
      tells: stderr.includes("THROUGHLINE_TENANTS_KEY"),
      leaks: stderr.includes(`"${THROUGHLINE_TENANTS_KEY}"`),
    }).toEqual({ code: 2, tells: true, leaks: false });
  }
});

test("no secret is in any output, log, span or file, and the audit log tells who did what", async () => {
  const { up, data } = await startWithDesk();
  const at = ["--data", data];
  const canaries = Array.from({ length: 4 }, () => `canary${randomBytes(12).toString("hex")}`);
  const [webhook = "", key = "", second = "", third = ""] = canaries;
  const outputs: string[] = [];
  const say = async (...args: string[]) => {
    const { stdout, stderr, code } = await run([...args, ...at]);
    outputs.push(stdout + stderr);
    return code;
  };
  expect(
    await say(
      "tenant",
      "add",
      "beta",
      "--secret",
      webhook,
      "--desk",
      "http://127.0.0.1:9",
      "--desk-key",
      key,
    ),
  ).toBe(0);
  expect(await say("tenant", "set", "beta", "--desk-key", second, "--json")).toBe(0);
  expect(await say("tenant", "rotate-secret", "beta", "--secret", third, "--json")).toBe(0);
  expect(await say("tenant", "rotate-key", "--json")).toBe(0);
  for (const json of [[], ["--json"]]) {
    expect(await say("tenant", "show", "beta", ...json)).toBe(0);
    expect(await say("tenant", "list", ...json)).toBe(0);
    expect(await say("audit", "list", ...json)).toBe(0);
    expect(await say("audit", "verify", ...json)).toBe(0);
  }
  expect(await say("tenant", "set", "beta", "--secret", "x".repeat(5_000))).toBe(2);
  expect(
    await say("tenant", "add", "beta", "--secret", webhook, "--desk", `http://u:${key}@h`, "--desk-key", key),
  ).toBe(2);
  await signedWith(webhook, up.address("webhook"), "CANARY-1");
  for (const path of ["/tenants", "/tenants/beta", "/tenants/beta/secrets", "/audit"])
    outputs.push(await (await adminFetch(up.address("admin"), path)).text());
  await up.end();
  outputs.push(up.output());
  for (const name of await readdir(data, { recursive: true, withFileTypes: true }))
    if (name.isFile()) outputs.push((await readFile(join(name.parentPath, name.name))).toString("latin1"));
  for (const canary of canaries) expect(outputs.some((text) => text.includes(canary))).toBe(false);

  const { entries } = await runJson<{ entries: { action: string; actor: string; tenantId: string }[] }>([
    "audit",
    "list",
    "--tenant",
    "beta",
    "--since",
    "1h",
    ...at,
  ]);
  expect(entries.map(({ action }) => action)).toEqual([
    "tenant.secret_rotated",
    "tenant.changed",
    "tenant.added",
  ]);
  expect(entries[0]?.actor).toMatch(/^.+@.+$/);
  expect((await run(["audit", "list", "--since", "whenever", ...at])).code).toBe(2);
  expect(
    (await runJson<{ entries: unknown[] }>(["audit", "list", "--limit", "1", ...at])).entries,
  ).toHaveLength(1);
});

test("a tenant is removed with all that is kept of it, its traces too where they are asked for, and a report", async () => {
  const { up, data } = await startWithDesk();
  const at = ["--data", data];
  const admin = up.address("admin");
  const { job_id: job, trace_id: trace } = await acceptTicket(up.address("webhook"), "GONE-1");
  await jobEnded(admin, job);
  await traceWith(up.address("console"), trace, (spans) => named(spans, "enhance_ticket").length > 0);
  const { removed, counts } = await runJson<{ removed: string; counts: Record<string, number> }>([
    "tenant",
    "remove",
    "acme",
    "--yes",
    "--traces",
    ...at,
  ]);
  expect(removed).toBe("acme");
  expect(counts).toMatchObject({ secrets: 2, jobs: 1, enhancements: 1, traces: 1 });
  expect((await fetch(`${up.address("console")}/api/traces/${trace}`)).status).toBe(404);
  expect((await adminFetch(admin, `/jobs/${job}`)).status).toBe(404);
  await until(
    "webhooks of it to be refused",
    async () => (await signedWith("a secret of the tests", up.address("webhook"), "GONE-2")) === 404,
  );
  const { entries } = await runJson<{ entries: { action: string }[] }>([
    "audit",
    "list",
    "--tenant",
    "acme",
    ...at,
  ]);
  expect(entries.map(({ action }) => action)).toEqual(["tenant.removed", "tenant.added"]);
  expect(await run(["tenant", "remove", "acme", ...at])).toMatchObject({ code: 1 });
  await run(["tenant", "add", "beta", "--desk", "http://127.0.0.1:9", "--desk-key", "k", ...at]);
  const gone = await adminFetch(admin, "/tenants/beta", { method: "DELETE" });
  expect(await gone.json()).toMatchObject({ tenant: "beta", removed: { secrets: 2 } });
});

test("rotate-key killed at any moment leaves every secret readable, and the next rotation goes through", async () => {
  const data = await temporaryDirectory();
  const at = ["--data", data];
  for (const id of ["acme", "beta"])
    await run([
      "tenant",
      "add",
      id,
      "--desk",
      "http://127.0.0.1:9",
      "--desk-key",
      `a desk key of ${id}`,
      ...at,
    ]);
  const readable = async (id: string) =>
    (await runJson<{ secrets: { deskKey?: string } }>(["tenant", "show", id, ...at])).secrets.deskKey;
  for (const afterMs of [200, 350, 400, 450, 550]) {
    const child = spawn(command, ["tenant", "rotate-key", ...at], { stdio: "ignore" });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await sleep(afterMs);
    child.kill("SIGKILL");
    await closed;
    expect([await readable("acme"), await readable("beta")], `killed after ${afterMs} ms`).toEqual([
      "...acme",
      "...beta",
    ]);
  }
  expect(await run(["tenant", "rotate-key", ...at])).toMatchObject({ code: 0 });
  expect(existsSync(join(data, "tenants.key.next"))).toBe(false);
  expect(await readable("acme")).toBe("...acme");
  expect(await runJson(["audit", "verify", ...at])).toMatchObject({ brokenAt: null });
});
