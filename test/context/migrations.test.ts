import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { migrations } from "../../packages/enhancer/src/database/migrations/index.ts";
import { openEnhancerStore } from "../../packages/enhancer/src/store.ts";
import { startPostgresIn } from "../servers.ts";
import { TestContext } from "./both-databases.ts";

/** Schema versions of releases: 0.1.0 was released with the second. Append the version of each release. */
const released = [1, 2];
/** Versions that only ever stood on main count too: somebody may run it. */
const versions = [...new Set([...released, ...migrations.map((_, at) => at + 1)])];

/** What a directory of 0.1.0 holds: sealed secrets stand as they are, for nobody opens them here. */
const rowsOf010 = `
  insert into tenants values ('acme', 's', 'http://127.0.0.1:9', 'k', 0, 1);
  insert into ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at, priority, tags)
    values ('acme', 'A-1', 'VPN certificate expired', 'On the laptop', 'Renewed the certificate.', 1, null, '["vpn"]');
  insert into documents (tenant_id, path, anchor, title, body) values ('acme', 'docs/vpn.md', 'renew', 'VPN > Renew', 'Renew the certificate of the VPN in the portal.');
  insert into inventory (tenant_id, ip, hostname, role, client, location) values ('acme', '10.0.0.5', 'lt-5.corp.example', 'Laptop', 'Acme', 'Office');
`;

async function directoryOf(version: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-migrations-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const sqlite = new DatabaseSync(join(directory, "throughline.db"));
  for (const [at, { sqlite: statements, afterSqlite }] of migrations.slice(0, version).entries()) {
    if (statements !== undefined) sqlite.exec(statements);
    afterSqlite?.(sqlite);
    if (at === 0) sqlite.exec(rowsOf010);
  }
  sqlite.exec(`pragma user_version = ${version}`);
  sqlite.close();
  return directory;
}

test("files are numbered in the order in which they are applied", () => {
  migrations.forEach(({ name }, at) =>
    expect(name).toMatch(new RegExp(`^${String(at + 1).padStart(4, "0")}-[a-z-]+$`)),
  );
});

test.each(versions)(
  "a SQLite file of schema version %i opens with all it had, and what it had is found",
  async (version) => {
    const directory = await directoryOf(version);
    const store = openEnhancerStore(directory);
    onTestFinished(() => store.close());
    const context = new TestContext(store, directory, undefined);
    const found = await context.gather("acme", "VPN certifcate expired on lt-5 (10.0.0.5)");
    expect(found.missing).toEqual([]);
    expect(found.tickets.map(({ id }) => id)).toEqual(["A-1"]);
    expect(found.documents.map(({ id }) => id)).toEqual(["docs/vpn.md#renew"]);
    expect(found.systems.map(({ id, title }) => [id, title])).toEqual([["10.0.0.5", "lt-5.corp.example"]]);
    expect(await store.database.selectFrom("tenants").select("id").execute()).toEqual([{ id: "acme" }]);
  },
);

test("a later schema is refused, and left as it is", async () => {
  const directory = await directoryOf(2);
  const sqlite = new DatabaseSync(join(directory, "throughline.db"));
  sqlite.exec("pragma user_version = 999");
  expect(() => openEnhancerStore(directory)).toThrow(
    expect.objectContaining({ code: "TL_DATA_VERSION_UNKNOWN" }) as Error,
  );
  expect(sqlite.prepare("pragma user_version").get()).toEqual({ user_version: 999 });
  sqlite.close();
});

test("PostgreSQL is migrated from every version by one of many that start at once", async () => {
  const serverDirectory = await mkdtemp(join(tmpdir(), "throughline-postgres-"));
  onTestFinished(() => rm(serverDirectory, { recursive: true, force: true }));
  const { url } = await startPostgresIn(join(serverDirectory, "data"));
  const admin = new Client({ connectionString: url });
  await admin.connect();
  for (const version of [0, ...versions]) {
    await admin.query(`create database v${version}`);
    const own = url.replace(/\/shop$/, `/v${version}`);
    const client = new Client({ connectionString: own });
    await client.connect();
    if (version > 0)
      await client.query(
        "create extension pg_trgm; create table schema_migrations (version integer primary key, name text not null, applied_at bigint not null)",
      );
    for (const [at, { name, postgres }] of migrations.slice(0, version).entries()) {
      if (postgres !== undefined) await client.query(postgres);
      await client.query("insert into schema_migrations values ($1, $2, 1)", [at + 1, name]);
    }
    const directories = await Promise.all(
      [1, 2, 3].map(() => mkdtemp(join(tmpdir(), "throughline-migrations-"))),
    );
    const stores = directories.map((directory) => openEnhancerStore(directory, { postgres: own }));
    await Promise.all(stores.map(({ tenants }) => tenants.list()));
    const { rows } = await client.query<{ version: number; name: string }>(
      "select version, name from schema_migrations order by version",
    );
    expect(rows).toEqual(migrations.map(({ name }, at) => ({ version: at + 1, name })));
    await Promise.all(stores.map((store) => store.close()));
    await client.end();
    for (const directory of directories) await rm(directory, { recursive: true });
  }
  await admin.end();
});

test("a later schema of PostgreSQL is refused", async () => {
  const serverDirectory = await mkdtemp(join(tmpdir(), "throughline-postgres-"));
  onTestFinished(() => rm(serverDirectory, { recursive: true, force: true }));
  const { url } = await startPostgresIn(join(serverDirectory, "data"));
  const directory = await directoryOf(2);
  const first = openEnhancerStore(directory, { postgres: url });
  expect(await first.tenants.list()).toEqual([]);
  await first.close();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("insert into schema_migrations values (999, 'later', 1)");
  await client.end();
  const store = openEnhancerStore(directory, { postgres: url });
  onTestFinished(() => store.close());
  await expect(store.tenants.list()).rejects.toMatchObject({ code: "TL_DATA_VERSION_UNKNOWN" });
});

test("without pg_trgm and without the right to create it the message says who does what", async () => {
  const serverDirectory = await mkdtemp(join(tmpdir(), "throughline-postgres-"));
  onTestFinished(() => rm(serverDirectory, { recursive: true, force: true }));
  const { url } = await startPostgresIn(join(serverDirectory, "data"));
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("create role weak login; grant all on schema public to weak");
  await client.end();
  const directory = await mkdtemp(join(tmpdir(), "throughline-migrations-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const store = openEnhancerStore(directory, { postgres: url.replace("test@", "weak@") });
  await expect(store.tenants.list()).rejects.toMatchObject({
    code: "TL_DATABASE_EXTENSION_MISSING",
    message: expect.stringContaining("pg_trgm"),
  });
  await store.close();
});
