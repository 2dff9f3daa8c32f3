import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { migrations } from "../packages/enhancer/src/database/migrations/index.ts";
import { run, runJson, start, temporaryDirectory } from "./harness.ts";
import { startPostgres } from "./servers.ts";

const before = migrations.length - 1;

function oldSqlite(directory: string): string {
  const file = join(directory, "throughline.db");
  const sqlite = new DatabaseSync(file);
  sqlite.exec("pragma journal_mode = wal");
  for (const { sqlite: statements, afterSqlite } of migrations.slice(0, before)) {
    if (statements !== undefined) sqlite.exec(statements);
    afterSqlite?.(sqlite);
  }
  sqlite.exec(`pragma user_version = ${before}`);
  sqlite.exec("update tenants_revision set revision = 77");
  sqlite.close();
  return file;
}

const factsOf = (file: string): unknown => {
  const sqlite = new DatabaseSync(file, { readOnly: true });
  const version = sqlite.prepare("pragma user_version").get()?.["user_version"];
  const revision = sqlite.prepare("select revision from tenants_revision").get()?.["revision"];
  sqlite.close();
  return { version, revision };
};

test("before a schema changes, SQLite's file is copied, and rollback puts it back", async () => {
  const data = await temporaryDirectory();
  const file = oldSqlite(data);
  const nothing = await run(["rollback", "--data", data]);
  expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining("TL_SNAPSHOT_UNKNOWN")]);
  await runJson(["tenant", "list", "--data", data]);
  expect(factsOf(file)).toMatchObject({ version: migrations.length });
  const sqlite = new DatabaseSync(file);
  sqlite.exec("update tenants_revision set revision = 78");
  sqlite.close();

  const { snapshots } = await runJson<{ snapshots: { name: string; version: number }[] }>([
    "rollback",
    "--list",
    "--data",
    data,
  ]);
  expect(snapshots).toMatchObject([{ version: before }]);
  const receiver = await start(["receiver"], { data });
  expect((await run(["rollback", "--data", data])).stderr).toContain(`Process ${receiver.ready.pid} runs on`);
  await receiver.end();
  expect((await run(["rollback", "--to", "v1-nowhere.db", "--data", data])).code).toBe(1);
  const done = await run(["rollback", "--data", data]);
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining(`schema version ${before} as of`)]);
  expect(factsOf(file)).toEqual({ version: before, revision: 77 });
  // What was replaced is kept, and the newer version migrates once more.
  const [replaced = ""] = (await readdir(join(data, "snapshots"))).filter((name) =>
    name.startsWith("replaced"),
  );
  expect(factsOf(join(data, "snapshots", replaced))).toMatchObject({ revision: 78 });
  await runJson(["tenant", "list", "--data", data]);
  expect(factsOf(file)).toMatchObject({ version: migrations.length, revision: 77 });
});

test("before PostgreSQL's schema changes, its rows are copied, and rollback puts them back", async () => {
  const url = `postgres://test@127.0.0.1:${await startPostgres()}/shop`;
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(
    "create extension pg_trgm; create table schema_migrations (version integer primary key, name text not null, applied_at bigint not null)",
  );
  for (const [at, { name, postgres }] of migrations.slice(0, before).entries()) {
    if (postgres !== undefined) await client.query(postgres);
    await client.query("insert into schema_migrations values ($1, $2, 1)", [at + 1, name]);
  }
  await client.query(`insert into ticket_history (tenant_id, ticket_id, subject, description, resolution, tags)
    values ('acme', 'A-1', 'VPN', 'expired', 'renewed', '[]');
    insert into ticket_history_terms (rowid, terms) select rowid, to_tsvector('simple', subject) from ticket_history`);
  const data = await temporaryDirectory();
  const settings = ["--data", data, "--postgres", url];
  await runJson(["tenant", "list", ...settings]);
  await client.query("update ticket_history set subject = 'changed since'");
  const done = await run(["rollback", ...settings]);
  expect([done.stderr, done.stdout]).toEqual(["", expect.stringContaining(`schema version ${before} as of`)]);
  const query = async (text: string): Promise<unknown[]> =>
    (await client.query<Record<string, unknown>>(text)).rows;
  expect(await query("select max(version) as version from schema_migrations")).toEqual([{ version: before }]);
  expect(
    await query("select subject, terms::text from ticket_history join ticket_history_terms using (rowid)"),
  ).toEqual([{ subject: "VPN", terms: "'vpn':1" }]);
  // New rows get numbers that no row has.
  await client.query(`insert into ticket_history (tenant_id, ticket_id, subject, description, resolution, tags)
    values ('acme', 'A-2', 'VPN', 'expired', 'renewed', '[]')`);
  await runJson(["tenant", "list", ...settings]);
  expect(await query("select count(*)::integer as rows from ticket_history")).toEqual([{ rows: 2 }]);
});
