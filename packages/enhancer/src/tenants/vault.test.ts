import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { migrations } from "../database/migrations/index.ts";
import { openEnhancerStore } from "../store.ts";

let directory: string;
const keyFile = () => join(directory, "tenants.key");
const sql = () => new DatabaseSync(join(directory, "throughline.db"));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-vault-"));
});

afterEach(() => rm(directory, { recursive: true }));

async function addTenants(...ids: string[]): Promise<void> {
  const store = openEnhancerStore(directory);
  for (const id of ids) {
    await store.tenants.add({
      id,
      settings: { desk: { kind: "servicedesk-plus", url: "https://desk.example.com" } },
      secrets: { webhook: `webhook secret of ${id}`, deskKey: `desk key of ${id}` },
    });
  }
  await store.close();
}

async function secretOf(id: string, tenantsKeys: readonly Buffer[] = []): Promise<string> {
  const store = openEnhancerStore(directory, { tenantsKeys });
  try {
    return (await store.tenants.get(id)).secrets.webhook;
  } finally {
    await store.close();
  }
}

/** What the head of vault.ts says, written down a second time. */
function openIndependently(key: Buffer, purpose: string[], text: string): Buffer {
  const sealed = Buffer.from(text, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  decipher.setAAD(Buffer.from(JSON.stringify(["throughline", ...purpose])));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
}

test("the sealed form is the documented one: envelope key, data key of the tenant, secret", async () => {
  await addTenants("acme");
  const database = sql();
  const { data_key: dataKey } = database.prepare("select data_key from tenants").get() as {
    data_key: string;
  };
  const { sealed } = database.prepare("select sealed from tenant_secrets where name = 'webhook'").get() as {
    sealed: string;
  };
  database.close();
  const envelope = readFileSync(keyFile());
  const [version, id, wrapped = ""] = dataKey.split(".");
  const expected = createHmac("sha256", envelope)
    .update("throughline tenants key")
    .digest("hex")
    .slice(0, 16);
  expect([version, id]).toEqual(["k1", expected]);
  const key = openIndependently(envelope, ["data key", "acme"], wrapped);
  expect(key).toHaveLength(32);
  const secret = openIndependently(key, ["secret", "acme", "webhook"], sealed.replace(/^s1\./, ""));
  expect(secret.toString()).toBe("webhook secret of acme");
});

const swap = (table: string, column: string, where: [string, string]) => (database: DatabaseSync) => {
  const read = (condition: string) =>
    database.prepare(`select ${column} as value from ${table} where ${condition}`).get()?.["value"] as string;
  const [a, b] = [read(where[0]), read(where[1])];
  database.prepare(`update ${table} set ${column} = ? where ${where[0]}`).run(b);
  database.prepare(`update ${table} set ${column} = ? where ${where[1]}`).run(a);
};

test.each<[string, (database: DatabaseSync) => void]>([
  [
    "changed by a bit",
    (database) => {
      const { sealed } = database
        .prepare("select sealed from tenant_secrets where tenant_id = 'acme' and name = 'webhook'")
        .get() as { sealed: string };
      const bytes = Buffer.from(sealed.slice(3), "base64url");
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      database
        .prepare("update tenant_secrets set sealed = ? where tenant_id = 'acme' and name = 'webhook'")
        .run(`s1.${bytes.toString("base64url")}`);
    },
  ],
  ["cut short", (database) => database.exec("update tenant_secrets set sealed = substr(sealed, 1, 20)")],
  ["emptied", (database) => database.exec("update tenant_secrets set sealed = ''")],
  [
    "swapped with another tenant's",
    swap("tenant_secrets", "sealed", [
      "tenant_id = 'acme' and name = 'webhook'",
      "tenant_id = 'beta' and name = 'webhook'",
    ]),
  ],
  [
    "swapped with another of the same tenant",
    swap("tenant_secrets", "sealed", [
      "tenant_id = 'acme' and name = 'webhook'",
      "tenant_id = 'acme' and name = 'deskKey'",
    ]),
  ],
  ["with another tenant's data key", swap("tenants", "data_key", ["id = 'acme'", "id = 'beta'"])],
  ["with a data key that is none", (database) => database.exec("update tenants set data_key = 'k1.x'")],
])("a secret %s does not open", async (_what, damage) => {
  await addTenants("acme", "beta");
  const database = sql();
  damage(database);
  database.close();
  await expect(secretOf("acme")).rejects.toMatchObject({ code: "TL_TENANT_SECRET_DAMAGED" });
});

test.each<[string, () => void]>([
  ["another", () => writeFileSync(keyFile(), Buffer.alloc(32, 7))],
  ["no", () => rmSync(keyFile())],
  ["a short", () => writeFileSync(keyFile(), "short")],
])("with %s key in the file, the error names the file, and the right key mends it", async (_what, spoil) => {
  await addTenants("acme");
  const right = readFileSync(keyFile());
  spoil();
  await expect(secretOf("acme")).rejects.toMatchObject({
    code: "TL_TENANTS_KEY_WRONG",
    message: expect.stringContaining(keyFile()),
  });
  await expect(addTenants("beta")).rejects.toMatchObject({ code: "TL_TENANTS_KEY_WRONG" });
  const store = openEnhancerStore(directory);
  await expect(store.tenants.checkKey()).rejects.toMatchObject({ code: "TL_TENANTS_KEY_WRONG" });
  await store.close();
  writeFileSync(keyFile(), right);
  expect(await secretOf("acme")).toBe("webhook secret of acme");
});

test("a rotated key opens everything, the old one nothing, and a process that runs goes on", async () => {
  await addTenants("acme", "beta");
  const old = readFileSync(keyFile());
  const [running, command] = [openEnhancerStore(directory), openEnhancerStore(directory)];
  expect((await running.tenants.get("acme")).secrets.webhook).toBe("webhook secret of acme");
  const { keyId, lost } = await command.tenants.rotateKey();
  expect(lost).toEqual([]);
  expect(readFileSync(keyFile())).not.toEqual(old);
  expect(existsSync(`${keyFile()}.next`)).toBe(false);
  await vi.waitFor(async () =>
    expect((await running.tenants.get("beta")).secrets.deskKey).toBe("desk key of beta"),
  );
  await running.tenants.change("beta", { secrets: { deskKey: "a new key" } });
  expect((await running.tenants.get("beta")).secrets).toMatchObject({ deskKey: "a new key" });
  await Promise.all([running.close(), command.close()]);
  const database = sql();
  expect(database.prepare("select distinct substr(data_key, 4, 16) as id from tenants").all()).toEqual([
    { id: keyId },
  ]);
  database.close();
  writeFileSync(keyFile(), old);
  await expect(secretOf("acme")).rejects.toMatchObject({ code: "TL_TENANTS_KEY_WRONG" });
});

test("a rotation that is killed before its commit or after it leaves a key that opens", async () => {
  await addTenants("acme");
  const before = readFileSync(keyFile());
  // Before the commit: the new key is there, nothing is sealed under it.
  writeFileSync(`${keyFile()}.next`, randomBytes(32));
  expect(await secretOf("acme")).toBe("webhook secret of acme");
  const store = openEnhancerStore(directory);
  await store.tenants.rotateKey();
  await store.close();
  // After the commit: everything is sealed under the new key, which is not in its place yet.
  renameSync(keyFile(), `${keyFile()}.next`);
  writeFileSync(keyFile(), before);
  expect(await secretOf("acme")).toBe("webhook secret of acme");
  await addTenants("beta");
  const next = openEnhancerStore(directory);
  await next.tenants.checkKey();
  await next.close();
  expect(existsSync(`${keyFile()}.next`)).toBe(false);
  expect(await secretOf("beta")).toBe("webhook secret of beta");
});

test("keys of the environment beat the file; rotation goes from the one to the other", async () => {
  await addTenants("acme");
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const rotate = async (...tenantsKeys: Buffer[]) => {
    const store = openEnhancerStore(directory, { tenantsKeys });
    await store.tenants.rotateKey();
    await store.close();
  };
  await rotate(first);
  rmSync(keyFile());
  expect(await secretOf("acme", [first])).toBe("webhook secret of acme");
  await expect(secretOf("acme")).rejects.toMatchObject({ code: "TL_TENANTS_KEY_WRONG" });
  await rotate(second, first);
  expect(await secretOf("acme", [second])).toBe("webhook secret of acme");
  await expect(secretOf("acme", [first])).rejects.toMatchObject({
    code: "TL_TENANTS_KEY_WRONG",
    message: expect.stringContaining("THROUGHLINE_TENANTS_KEY"),
  });
});

test("a key that is lost costs the secrets, not the tenants", async () => {
  await addTenants("acme");
  writeFileSync(keyFile(), randomBytes(32));
  const store = openEnhancerStore(directory);
  await expect(store.tenants.rotateKey()).rejects.toMatchObject({ code: "TL_TENANTS_KEY_WRONG" });
  expect(await store.tenants.rotateKey({ discard: true })).toMatchObject({ lost: ["acme"] });
  await expect(store.tenants.get("acme")).rejects.toMatchObject({ code: "TL_TENANT_SECRETS_MISSING" });
  await store.tenants.change("acme", { secrets: { webhook: "entered again", deskKey: "k" } });
  expect((await store.tenants.get("acme")).secrets.webhook).toBe("entered again");
  await store.close();
});

test("tenants of the schema before settings keep their desk, their secrets and their trust, and are sealed anew", async () => {
  const key = randomBytes(32);
  writeFileSync(keyFile(), key);
  const seal = (text: string) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
  };
  const before = sql();
  for (const { sqlite } of migrations.slice(0, 2)) if (sqlite !== undefined) before.exec(sqlite);
  before.exec("pragma user_version = 2");
  before
    .prepare("insert into tenants values ('old', ?, 'http://desk:8080', ?, 1, 1700000000000)")
    .run(seal("old secret"), seal("old key"));
  before.close();
  const expected = {
    settings: {
      desk: { kind: "servicedesk-plus", url: "http://desk:8080" },
      webhook: { trustsTraceparent: true },
    },
    secrets: { webhook: "old secret", deskKey: "old key" },
    createdAt: 1_700_000_000_000,
  };
  const store = openEnhancerStore(directory);
  expect(await store.tenants.get("old")).toMatchObject(expected);
  await store.tenants.checkKey();
  expect(await store.tenants.get("old")).toMatchObject(expected);
  await store.close();
  const after = sql();
  expect(after.prepare("select count(*) as n from tenants where data_key = ''").get()).toEqual({ n: 0 });
  after.close();
});
