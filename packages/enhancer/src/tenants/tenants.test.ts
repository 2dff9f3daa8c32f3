import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEnhancerStore } from "../store.ts";
import { openVault } from "./vault.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-tenants-"));
});

afterEach(() => rm(directory, { recursive: true }));

const acme = {
  id: "acme",
  secret: "webhook secret",
  deskUrl: "https://desk.example.com",
  deskKey: "technician key",
  trustsTraceparent: true,
};

test("a tenant comes back with its secrets, which stand sealed in the file", async () => {
  const store = openEnhancerStore(directory);
  await store.tenants.add(acme);
  expect(await store.tenants.get("acme")).toMatchObject(acme);
  await store.close();
  const bytes = readFileSync(join(directory, "throughline.db"), "latin1");
  expect(bytes).toContain("desk.example.com");
  for (const secret of [acme.secret, acme.deskKey]) expect(bytes).not.toContain(secret);
  expect(statSync(join(directory, "tenants.key")).mode & 0o777).toBe(0o600);
  const again = openEnhancerStore(directory);
  expect(await again.tenants.list()).toMatchObject([acme]);
  await again.close();
});

test("secrets that were sealed with another key are refused with a code", async () => {
  const store = openEnhancerStore(directory);
  await store.tenants.add(acme);
  await store.close();
  writeFileSync(join(directory, "tenants.key"), Buffer.alloc(32, 7));
  const other = openEnhancerStore(directory);
  await expect(other.tenants.get("acme")).rejects.toMatchObject({ code: "TL_DATA_DIRECTORY_UNUSABLE" });
  await other.close();
  writeFileSync(join(directory, "tenants.key"), "short");
  expect(() => openVault(join(directory, "tenants.key"))).toThrow("5 bytes");
});

test("the same text is sealed differently each time", () => {
  const vault = openVault(join(directory, "k"));
  chmodSync(join(directory, "k"), 0o600);
  expect(vault.seal("x")).not.toBe(vault.seal("x"));
  expect(vault.open(vault.seal("x"))).toBe("x");
});

test.each([
  ["id", { id: "Not Good" }],
  ["secret", { secret: "" }],
  ["deskUrl", { deskUrl: "ftp://desk" }],
  ["deskKey", { deskKey: "" }],
])("a wrong %s is named and its value is not", async (field, change) => {
  const store = openEnhancerStore(directory);
  await expect(store.tenants.add({ ...acme, ...change })).rejects.toMatchObject({
    code: "TL_TENANT_INVALID",
    fields: [{ field }],
  });
  expect(await store.tenants.list()).toEqual([]);
  await store.close();
});

test("what is removed takes its history, documents and inventory along, and nobody else's", async () => {
  const store = openEnhancerStore(directory);
  for (const id of ["acme", "beta"]) {
    await store.tenants.add({ ...acme, id });
    await store.database
      .insertInto("inventory")
      .values({ tenant_id: id, ip: "10.0.0.1", hostname: "h", role: "", client: "", location: "" })
      .execute();
  }
  await store.tenants.remove("acme");
  expect((await store.tenants.list()).map(({ id }) => id)).toEqual(["beta"]);
  expect(await store.database.selectFrom("inventory").select("tenant_id").execute()).toEqual([
    { tenant_id: "beta" },
  ]);
  await expect(store.tenants.remove("acme")).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
  await store.close();
});
