import { ThroughlineError } from "@throughline/api";
import { migrations } from "./migrations/index.ts";
import type { SchemaSnapshot } from "./sqlite-snapshots.ts";

/** Runs a statement in the transaction under way. */
export type Run = (text: string, ...values: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** `snapshot_v8_tenants`: in the same schema, since whoever migrates may make tables and perhaps no schemas. */
const prefix = /^snapshot_v(\d+)_/;
const allTables = "select tablename as name from pg_tables where schemaname = current_schema() order by 1";
/** But those of extensions. */
const ownFunctions =
  "select p.oid::regprocedure::text as name from pg_proc p where p.pronamespace = current_schema()::regnamespace and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')";
/** Every snapshot has it; its comment says when it was taken. */
const marker = "schema_migrations";

/** Copies every table, in the transaction that then migrates; the snapshot of an earlier migration goes. */
export async function takePostgresSnapshot(run: Run, version: number): Promise<void> {
  const tables = await tablesOf(run);
  for (const name of tables.filter((table) => prefix.test(table))) await run(`drop table ${quoted(name)}`);
  for (const name of tables.filter((table) => !prefix.test(table)))
    await run(`create table ${quoted(copyOf(version, name))} as table ${quoted(name)}`);
  const takenAt = new Date().toISOString();
  await run(`comment on table ${quoted(copyOf(version, marker))} is '${takenAt}'`);
}

async function listPostgresSnapshots(run: Run): Promise<SchemaSnapshot[]> {
  const { rows } = await run(
    "select relname as name, coalesce(obj_description(oid, 'pg_class'), '') as taken_at from pg_class where relnamespace = current_schema()::regnamespace and relname like 'snapshot\\_v%\\_schema\\_migrations'",
  );
  return rows.map(({ name, taken_at: takenAt }) => {
    const version = Number(prefix.exec(String(name))?.[1]);
    return { name: `snapshot_v${version}`, version, takenAt: String(takenAt) };
  });
}

/**
 * In one transaction: the tables go, the schema of the snapshot's version is made anew, and its rows are put back. Nothing else uses the
 * database. Throws TL_SNAPSHOT_UNKNOWN.
 */
export async function rollBackPostgres(run: Run, where: string): Promise<SchemaSnapshot> {
  const [snapshot] = await listPostgresSnapshots(run);
  if (snapshot === undefined)
    throw new ThroughlineError("TL_SNAPSHOT_UNKNOWN", `There is no snapshot in ${where}.`);
  const tables = (await tablesOf(run)).filter((table) => !prefix.test(table));
  for (const name of tables) await run(`drop table ${quoted(name)} cascade`);
  for (const { name } of (await run(ownFunctions)).rows) await run(`drop function ${String(name)} cascade`);
  await run(
    "create table schema_migrations (version integer primary key, name text not null, applied_at bigint not null)",
  );
  for (const { postgres } of migrations.slice(0, snapshot.version))
    if (postgres !== undefined) await run(postgres);
  const made = (await run(byReference)).rows.map(({ name }) => String(name));
  const own = made.filter((table) => !prefix.test(table));
  // Rows that migrations put in are in the snapshot too.
  for (const table of own.toReversed()) {
    const { rows } = await run(`select 1 from ${quoted(table)} limit 1`);
    if (rows.length > 0) await run(`delete from ${quoted(table)}`);
  }
  for (const table of own) await putBack(run, snapshot.version, table);
  return snapshot;
}

/** Tables that others refer to first; none refers to one that refers. */
const byReference = `
  select c.relname as name from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  order by exists (select 1 from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'), 1`;

async function putBack(run: Run, version: number, table: string): Promise<void> {
  const { rows } = await run(
    "select column_name as name, is_identity from information_schema.columns where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER' order by ordinal_position",
    table,
  );
  const columns = rows.map(({ name }) => quoted(String(name))).join(", ");
  await run(
    `insert into ${quoted(table)} (${columns}) overriding system value select ${columns} from ${quoted(copyOf(version, table))}`,
  );
  for (const { name, is_identity: isIdentity } of rows) {
    if (isIdentity !== "YES") continue;
    const column = quoted(String(name));
    await run(
      `select setval(pg_get_serial_sequence($1, $2), coalesce((select max(${column}) from ${quoted(table)}), 0) + 1, false)`,
      table,
      String(name),
    );
  }
}

async function tablesOf(run: Run): Promise<string[]> {
  return (await run(allTables)).rows.map(({ name }) => String(name));
}

function copyOf(version: number, table: string): string {
  return `snapshot_v${version}_${table}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
