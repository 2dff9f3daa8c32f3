import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  type Job,
  jobEnded,
  notesOf,
  run,
  runJson,
  start,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { join } from "node:path";
import { startRedis } from "./servers.ts";

/** `up` and a desk; `args` for every command that works on its queue. */
async function system(
  queue: "sqlite" | "redis",
  deskArgs: readonly string[] = [],
  upArgs: readonly string[] = [],
) {
  const data = await temporaryDirectory();
  const flags = queue === "redis" ? ["--redis", `redis://127.0.0.1:${await startRedis()}`] : [];
  const desk = await start(["simulate", "desk", "--key", deskKey, ...deskArgs], { data: join(data, "desk") });
  await addTenant(data, desk.address("desk"), flags);
  const up = await start(["up", ...flags, ...upArgs], { data });
  const args = ["--data", data, ...flags];
  return { desk, up, args, webhook: up.address("webhook"), admin: up.address("admin") };
}

test.each(["sqlite", "redis"] as const)(
  "on %s: a tenant is paused and resumed, jobs are discarded and run again, by command and by HTTP",
  async (queue) => {
    const { desk, up, args, webhook, admin } = await system(queue);
    expect(await runJson(["queue", "pause", "--tenant", "acme", ...args])).toMatchObject({
      paused: false,
      pausedTenants: ["acme"],
    });
    const { job_id: unwanted } = await acceptTicket(webhook, "QUEUE-1");
    const { job_id: wanted } = await acceptTicket(webhook, "QUEUE-2");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await runJson(["queue", "status", ...args])).toMatchObject({ waiting: 2, active: 0 });
    expect(await runJson(["jobs", "discard", unwanted, ...args])).toMatchObject({ id: unwanted });
    expect((await adminFetch(admin, "/queue/resume?tenant=acme", { method: "POST" })).status).toBe(200);
    expect(await jobEnded(admin, wanted)).toMatchObject({ state: "done" });
    expect(await notesOf(desk.address("desk"), "QUEUE-1")).toHaveLength(0);

    const unforced = await runJson<Job>(["jobs", "rerun", wanted, ...args]);
    expect(await jobEnded(admin, unforced.id)).toMatchObject({ state: "done", status: "skipped" });
    const forced = await runJson<Job>(["jobs", "rerun", wanted, "--force", ...args]);
    expect(forced.traceId).toBe(unforced.traceId);
    expect(await jobEnded(admin, forced.id)).toMatchObject({ state: "done", status: "success" });
    expect(await notesOf(desk.address("desk"), "QUEUE-2")).toHaveLength(2);
    const { jobs } = await runJson<{ jobs: Job[] }>(["jobs", "list", "--ticket", "QUEUE-2", ...args]);
    expect(jobs).toHaveLength(3);
    const misspelt = await run(["queue", "pause", "--tenant", "acmee", ...args]);
    expect(misspelt.stderr).toContain("TL_TENANT_UNKNOWN");
    const unknown = await adminFetch(admin, "/queue/pause?tenant=acmee", { method: "POST" });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: "TL_TENANT_UNKNOWN" }]);

    const { entries } = await runJson<{ entries: { action: string; actor: string; tenantId: string }[] }>([
      "audit",
      "list",
      ...args,
    ]);
    const person = expect.stringMatching(/.@./) as unknown;
    expect(entries.toReversed().slice(1)).toMatchObject([
      { action: "queue.paused", actor: person, tenantId: "acme" },
      { action: "job.discarded", actor: person, tenantId: "acme" },
      { action: "queue.resumed", actor: "this instance", tenantId: "acme" },
      { action: "job.rerun", actor: person },
      { action: "job.rerun", actor: person },
    ]);
    await up.end();
  },
);

test.each(["sqlite", "redis"] as const)(
  "on %s: an attempt that takes longer than --job-limit is cancelled, counts, and its span tells a timeout",
  async (queue) => {
    const { webhook, admin, up } = await system(queue, ["--answer", "hang"], ["--job-limit", "2s"]);
    const { job_id: job, trace_id: trace } = await acceptTicket(webhook, "LATE-1");
    const failed = await until("the first attempt to end", async () => {
      const found = (await (await adminFetch(admin, `/jobs/${job}`)).json()) as Job;
      return found.attempts > 0 ? found : undefined;
    });
    expect(failed.reason).toMatch(/took longer than 2 s/);
    const spans = await until("its span", async () => {
      const response = await fetch(`${up.address("console")}/api/traces/${trace}`);
      const text = await response.text();
      return text.includes("enhance_ticket") ? text : undefined;
    });
    expect(spans).toContain('"timeout"');
  },
);

test("a Redis that cannot be reached refuses webhooks with 503 and shows in /readyz; an address that cannot be read stops the start", async () => {
  const data = await temporaryDirectory();
  await addTenant(data, "http://127.0.0.1:9");
  const up = await start(["up", "--redis", "redis://user:hush@127.0.0.1:9"], { data });
  await expect(acceptTicket(up.address("webhook"), "AWAY-1")).rejects.toThrow("TL_QUEUE_UNAVAILABLE");
  const ready = await fetch(`${up.address("admin")}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain("redis://127.0.0.1:9");
  const before = Date.now();
  expect(await up.end()).toBe(0);
  expect(Date.now() - before).toBeLessThan(20_000);
  expect(up.output()).not.toContain("hush");
  const wrong = await run(["worker", "--data", data, "--redis", "redis+sentinel://user:hush@127.0.0.1"]);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain("names no master");
  expect(wrong.stderr).not.toContain("hush");
});
