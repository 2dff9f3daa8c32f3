import { listAudit, openStore, verifyAudit } from "@throughline/enhancer";
import { sql } from "kysely";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run, temporaryDirectory } from "./harness.ts";
import { startPostgresIn } from "./servers.ts";

const acme = {
  id: "acme",
  settings: { desk: { kind: "servicedesk-plus" as const, url: "https://desk.example.com" } },
  secrets: { webhook: "canary webhook secret", deskKey: "canary desk key" },
};

// One suite for both databases: tenants and their audit log behave the same in them.
describe.each(["SQLite", "PostgreSQL"])("in %s", (kind) => {
  let postgres: string | undefined;
  async function place() {
    const data = await temporaryDirectory();
    postgres =
      kind === "SQLite" ? undefined : (await startPostgresIn(join(await temporaryDirectory(), "data"))).url;
    return { data, open: () => openStore(data, { postgres, redis: undefined }) };
  }

  test("what is done to a tenant is in the audit log: who, what, from what to what, and no secret", async () => {
    const store = await (await place()).open();
    await store.tenants.add(acme);
    await store.tenants.change("acme", { settings: { note: { mode: "draft" } } }, { by: "token ops (1)" });
    await store.tenants.change("acme", { settings: { note: { mode: "draft" } } });
    await store.tenants.rotateSecret("acme", { graceMs: 60_000 });
    await store.tenants.rotateKey();
    await expect(
      store.tenants.change("acme", { settings: { note: { mode: "loud" } } }),
    ).rejects.toMatchObject({
      code: "TL_TENANT_INVALID",
    });
    await store.tenants.remove("acme");
    const entries = await listAudit(store.database, { limit: 100 });
    expect(entries.map(({ action }) => action)).toEqual([
      "tenant.removed",
      "key.rotated",
      "tenant.secret_rotated",
      "tenant.changed",
      "tenant.added",
    ]);
    expect(entries[3]).toMatchObject({
      actor: "token ops (1)",
      tenantId: "acme",
      changes: [{ field: "note.mode", old: "automatic", new: "draft" }],
    });
    expect(entries[4]?.changes).toContainEqual({ field: "secrets.webhook" });
    expect(entries[0]?.actor).toMatch(/.@./);
    expect(JSON.stringify(entries)).not.toContain("canary");
    expect(await listAudit(store.database, { tenantId: "acme", before: 4, limit: 1 })).toMatchObject([
      { seq: 3 },
    ]);
    expect(await verifyAudit(store.database)).toMatchObject({ entries: 5, brokenAt: null });
    await store.close();
  });

  test("the audit log takes no change, no deletion and no replacement; a hole made all the same is found", async () => {
    const store = await (await place()).open();
    await store.tenants.add(acme);
    await store.tenants.remove("acme");
    const { database } = store;
    await expect(sql`update audit_log set actor = 'nobody'`.execute(database)).rejects.toThrow("append-only");
    await expect(sql`delete from audit_log`.execute(database)).rejects.toThrow("append-only");
    const again = sql.raw(
      kind === "SQLite"
        ? "insert or replace into audit_log select * from audit_log where seq = 1"
        : "truncate audit_log",
    );
    await expect(again.execute(database)).rejects.toThrow("append-only");
    expect(await verifyAudit(database)).toMatchObject({ entries: 2, brokenAt: null });
    await sql
      .raw(
        kind === "SQLite"
          ? "drop trigger audit_log_is_not_changed"
          : "drop trigger audit_log_is_not_changed on audit_log",
      )
      .execute(database);
    await sql`update audit_log set actor = 'nobody' where seq = 2`.execute(database);
    expect(await verifyAudit(database)).toMatchObject({ entries: 1, brokenAt: 2 });
    await store.close();
  });

  test("processes that change one tenant at once lose no change, and a stale revision is refused", async () => {
    const { data, open } = await place();
    const store = await open();
    await store.tenants.add(acme);
    const flags = [
      ["--rate", "7/min"],
      ["--concurrency", "7"],
      ["--mode", "draft"],
      ["--language", "de"],
      ["--day-usd", "7"],
      ["--history-days", "7"],
    ];
    const url = postgres === undefined ? [] : ["--postgres", postgres];
    const ended = await Promise.all(
      flags.map((change) => run(["tenant", "set", "acme", ...change, "--data", data, ...url])),
    );
    expect(ended.map(({ code, stderr }) => stderr + String(code))).toEqual(flags.map(() => "0"));
    expect(await store.tenants.info("acme")).toMatchObject({
      revision: 7,
      settings: {
        webhook: { ratePerMinute: 7 },
        note: { mode: "draft", language: "de" },
        budget: { dayUsd: 7 },
        retention: { historyDays: 7 },
        concurrency: 7,
      },
    });
    await expect(
      store.tenants.change("acme", { settings: { concurrency: 8 } }, { ifRevision: 6 }),
    ).rejects.toMatchObject({ code: "TL_REVISION_STALE" });
    expect(await verifyAudit(store.database)).toMatchObject({ entries: 7, brokenAt: null });
    await store.close();
  });

  test("after a rotation both secrets are good until the grace ends or is ended", async () => {
    const { open } = await place();
    const [here, there] = [await open(), await open()];
    await here.tenants.add(acme);
    const { secret, previousValidUntil } = await here.tenants.rotateSecret("acme", { graceMs: 3_600_000 });
    expect(previousValidUntil).toBeGreaterThan(Date.now());
    expect((await there.tenants.get("acme")).secrets).toMatchObject({
      webhook: secret,
      previousWebhook: { secret: "canary webhook secret" },
    });
    await here.tenants.endPreviousSecret("acme");
    expect((await here.tenants.get("acme")).secrets).not.toHaveProperty("previousWebhook");
    await here.tenants.rotateSecret("acme", { secret: "given", graceMs: 0 });
    expect((await here.tenants.get("acme")).secrets).toEqual({
      webhook: "given",
      deskKey: "canary desk key",
    });
    await Promise.all([here.close(), there.close()]);
  });
});
