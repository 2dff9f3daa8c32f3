import { listAudit, Operations, openStore, verifyAudit } from "@throughline/enhancer";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { newJob } from "../packages/enhancer/src/queue/contract/harness.ts";
import { run, runJson, start, temporaryDirectory } from "./harness.ts";
import { startPostgresIn } from "./servers.ts";

interface Entry {
  at: string;
  actor: string;
  action: string;
  tenantId: string | null;
  changes: { field: string; old?: unknown; new?: unknown }[];
}

describe.each(["SQLite", "PostgreSQL"])("in %s", (kind) => {
  async function place() {
    const data = await temporaryDirectory();
    const postgres =
      kind === "SQLite" ? undefined : (await startPostgresIn(join(await temporaryDirectory(), "data"))).url;
    const args = ["--data", data, ...(postgres === undefined ? [] : ["--postgres", postgres])];
    return { args, open: () => openStore(data, { postgres, redis: undefined }) };
  }

  test("the audit log tells who did what to jobs, queue and notes, and nothing of what failed", async () => {
    const store = await (await place()).open();
    await store.tenants.add({
      id: "acme",
      settings: { desk: { kind: "servicedesk-plus", url: "https://desk.example.com" } },
      secrets: { webhook: "s", deskKey: "k" },
    });
    const operations = new Operations(store);
    const by = "ann@desk-1";
    const before = Date.now();
    await operations.pause("acme", by);
    await expect(operations.pause("acmee", by)).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
    await operations.resume("acme", by);
    const { jobId } = await store.queue.enqueue(newJob("one"));
    await expect(operations.retry(jobId, by)).rejects.toMatchObject({ code: "TL_JOB_NOT_RETRYABLE" });
    await store.queue.take(1);
    await store.queue.bury(jobId, "no");
    const again = await operations.rerun(jobId, true, by);
    await operations.discard(again.id, by);
    await operations.retry(jobId, "token ops (1)");
    await operations.pause(undefined, by);
    await operations.switchNotes(false, by);
    const entries = (await listAudit(store.database, { limit: 100 })).toReversed().slice(1);
    const job = { field: "job", new: jobId };
    const ticket = { field: "ticket", new: "T-one" };
    expect(entries.map(({ actor, action, tenantId, changes }) => [action, actor, tenantId, changes])).toEqual(
      [
        ["queue.paused", by, "acme", [{ field: "paused", new: true }]],
        ["queue.resumed", by, "acme", [{ field: "paused", new: false }]],
        [
          "job.rerun",
          by,
          "acme",
          [{ ...job, new: again.id }, ticket, { field: "of", new: jobId }, { field: "force", new: true }],
        ],
        ["job.discarded", by, "acme", [{ ...job, new: again.id }, ticket]],
        ["job.retried", "token ops (1)", "acme", [job, ticket]],
        ["queue.paused", by, null, [{ field: "paused", new: true }]],
        ["notes.switched", by, null, [{ field: "on", new: false }]],
      ],
    );
    for (const { at } of entries) expect(at).toBeGreaterThanOrEqual(before);
    expect(await verifyAudit(store.database)).toMatchObject({ entries: 8, brokenAt: null });
    await store.close();
  });

  test("operations that come at the same time from several processes are all in the log, without a gap", async () => {
    const { args, open } = await place();
    const ran = await Promise.all(
      Array.from({ length: 6 }, (_, at) => run(["notes", at % 2 === 0 ? "on" : "off", ...args])),
    );
    expect(ran.map(({ code }) => code)).toEqual(Array.from({ length: 6 }, () => 0));
    const store = await open();
    expect(await verifyAudit(store.database)).toMatchObject({ entries: 6, brokenAt: null });
    await store.close();
  });

  test("tokens that are made and ended are in the log with their scopes and without their text", async () => {
    const { args } = await place();
    const made = await runJson<{ id: string; token: string }>([
      "token",
      "add",
      "grafana",
      "--scope",
      "read,write",
      "--tenant",
      "acme",
      ...args,
    ]);
    expect((await run(["token", "revoke", "none", ...args])).stderr).toContain("TL_TOKEN_UNKNOWN");
    await runJson(["token", "revoke", made.id, ...args]);
    const { entries } = await runJson<{ entries: Entry[] }>(["audit", "list", "--tenant", "acme", ...args]);
    const changes = [
      { field: "id", new: made.id },
      { field: "name", new: "grafana" },
      { field: "scopes", new: ["read", "write"] },
      { field: "expiresAt", new: null },
    ];
    expect(entries).toMatchObject([
      { action: "token.revoked", tenantId: "acme", changes },
      { action: "token.added", tenantId: "acme", changes },
    ]);
    for (const { actor } of entries) expect(actor).toMatch(/.@./);
    expect(JSON.stringify(entries)).not.toContain(made.token.slice(-20));
    expect((await run(["audit", "verify", ...args])).code).toBe(0);
  });

  test("what is done to stored traces by command is in the log", async () => {
    const { args } = await place();
    const trace = "a".repeat(32);
    await runJson(["storage", "pin", trace, ...args]);
    await runJson(["storage", "unpin", trace, ...args]);
    await runJson(["storage", "erase", "--ticket", "T-1", "--tenant", "acme", ...args]);
    await runJson(["storage", "clean", "--older-than", "30d", ...args]);
    const { entries } = await runJson<{ entries: Entry[] }>(["audit", "list", ...args]);
    const told = { field: "trace", new: trace };
    expect(entries.map(({ action, tenantId, changes }) => [action, tenantId, changes])).toEqual([
      [
        "traces.cleaned",
        null,
        [
          { field: "olderThan", new: "30d" },
          { field: "spans", new: 0 },
        ],
      ],
      [
        "traces.erased",
        "acme",
        [
          { field: "ticket", new: "T-1" },
          { field: "tenant", new: "acme" },
          { field: "traces", new: 0 },
        ],
      ],
      ["trace.unpinned", null, [told]],
      ["trace.pinned", null, [told]],
    ]);
    for (const { actor } of entries) expect(actor).toMatch(/.@./);
  });
});

test("what a token changes of stored traces at the admin address is in the log once, as are commands against a running backend", async () => {
  const data = await temporaryDirectory();
  const traces = await start(["traces"], { data });
  const { token, id } = await runJson<{ token: string; id: string }>([
    "token",
    "add",
    "ops",
    "--scope",
    "admin",
    "--data",
    data,
  ]);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const post = (path: string, body: object) =>
    fetch(`${traces.address("admin")}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect((await post("/api/storage/pin", { traceId: "nonsense" })).status).toBe(400);
  expect((await post("/api/storage/pin", { traceId: "a".repeat(32) })).status).toBe(200);
  expect((await post("/api/storage/erase", { tenant: "acme" })).status).toBe(200);
  await runJson(["storage", "unpin", "a".repeat(32), "--data", data]);
  const { entries } = await runJson<{ entries: Entry[] }>(["audit", "list", "--data", data]);
  expect(entries.map(({ action, actor, tenantId }) => [action, actor, tenantId])).toEqual([
    ["trace.unpinned", expect.stringMatching(/.@./), null],
    ["traces.erased", `token ops (${id})`, "acme"],
    ["trace.pinned", `token ops (${id})`, null],
    ["token.added", expect.stringMatching(/.@./), null],
  ]);
});
