import { readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { upsertSystems } from "../history/store-systems.ts";
import { openEnhancerStore } from "../store.ts";
import { type NewTenant, webhookSecrets } from "./tenants.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-tenants-"));
});

afterEach(() => rm(directory, { recursive: true }));

const acme = {
  id: "acme",
  settings: {
    desk: { kind: "servicedesk-plus", url: "https://desk.example.com" },
    webhook: { trustsTraceparent: true },
  },
  secrets: { webhook: "webhook secret", deskKey: "technician key" },
} satisfies NewTenant;

test("a tenant comes back with its secrets, which stand sealed in the file", async () => {
  const store = openEnhancerStore(directory);
  await store.tenants.add(acme);
  expect(await store.tenants.get("acme")).toMatchObject(acme);
  for (const name of ["throughline.db", "throughline.db-wal", "throughline.db-shm"])
    expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
  await store.close();
  const bytes = readFileSync(join(directory, "throughline.db"), "latin1");
  expect(bytes).toContain("desk.example.com");
  for (const secret of Object.values(acme.secrets)) expect(bytes).not.toContain(secret);
  expect(statSync(join(directory, "tenants.key")).mode & 0o777).toBe(0o600);
  const again = openEnhancerStore(directory);
  expect(await again.tenants.list()).toMatchObject([{ id: "acme", settings: acme.settings }]);
  await again.close();
});

test.each([
  ["id", { id: "Not Good" }],
  ["secrets.webhook", { secrets: { ...acme.secrets, webhook: "" } }],
  ["secrets.deskKey", { secrets: { webhook: "x" } }],
  ["settings.desk.url", { settings: { desk: { ...acme.settings.desk, url: "ftp://desk" } } }],
  ["settings.desk.kind", { settings: { desk: { kind: "remedy" } } }],
  ["settings.webhook.scheem", { settings: { ...acme.settings, webhook: { scheem: "jira" } } }],
])("a wrong %s is named and its value is not", async (field, change) => {
  const store = openEnhancerStore(directory);
  await expect(store.tenants.add({ ...acme, ...change })).rejects.toMatchObject({
    code: "TL_TENANT_INVALID",
    fields: [{ field }],
  });
  expect(await store.tenants.list()).toEqual([]);
  await store.close();
});

const system = {
  ip: "10.0.0.1",
  cidr: null,
  hostname: "h",
  assetTag: "",
  role: "",
  client: "",
  location: "",
};

test("what is removed takes its history, documents and inventory along, and nobody else's", async () => {
  const store = openEnhancerStore(directory);
  for (const id of ["acme", "beta"]) {
    await store.tenants.add({ ...acme, id });
    await upsertSystems(store.database, id, [system]);
  }
  await store.tenants.remove("acme");
  expect((await store.tenants.list()).map(({ id }) => id)).toEqual(["beta"]);
  expect(await store.database.selectFrom("inventory").select("tenant_id").execute()).toEqual([
    { tenant_id: "beta" },
  ]);
  await expect(store.tenants.remove("acme")).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
  await store.close();
});

test("a change merges what it names, keeps the rest, and counts in another process within a second", async () => {
  const [here, there] = [openEnhancerStore(directory), openEnhancerStore(directory)];
  await here.tenants.add(acme);
  expect((await there.tenants.get("acme")).settings.note.mode).toBe("automatic");
  await here.tenants.change("acme", {
    settings: { note: { mode: "shadow" }, webhook: { ratePerMinute: null } },
    secrets: { webhook: "another secret" },
  });
  expect(await here.tenants.get("acme")).toMatchObject({
    revision: 2,
    settings: { note: { mode: "shadow" }, webhook: { ratePerMinute: null, trustsTraceparent: true } },
    secrets: { webhook: "another secret", deskKey: "technician key" },
  });
  await vi.waitFor(
    async () => expect(webhookSecrets(await there.tenants.get("acme"))).toEqual(["another secret"]),
    { timeout: 10_000 },
  );
  await expect(
    here.tenants.change("acme", { settings: { desk: { kind: "servicedesk-plus-cloud", clientId: "c" } } }),
  ).rejects.toMatchObject({
    code: "TL_TENANT_INVALID",
    fields: [{ field: "secrets.deskClientSecret" }, { field: "secrets.deskRefreshToken" }],
  });
  await expect(here.tenants.change("nobody", {})).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
  await here.tenants.remove("acme");
  await vi.waitFor(async () => expect(await there.tenants.find("acme")).toBeUndefined(), { timeout: 10_000 });
  await Promise.all([here.close(), there.close()]);
});
