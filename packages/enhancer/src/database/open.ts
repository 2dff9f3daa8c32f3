import { sql } from "kysely";
import { openPostgres } from "./postgres.ts";
import type { BusinessTables, EnhancerDatabase } from "./schema.ts";
import { openSqlite, type SqliteOptions, sqliteKysely } from "./sqlite.ts";

/** Where business data lives: a file, or a `postgres://` URL. */
export type DatabaseLocation = { file: string } | { postgres: string };

/** Opens business data. SQLite is migrated at once, PostgreSQL at the first statement that reaches it: it may be down just now. */
export function openDatabase(location: DatabaseLocation, options: SqliteOptions = {}): EnhancerDatabase {
  return "file" in location
    ? sqliteKysely<BusinessTables>(openSqlite(location.file, options))
    : openPostgres(location.postgres);
}

/** A cheap read that fails when business data cannot be read. */
export async function pingDatabase(database: EnhancerDatabase): Promise<void> {
  await sql`select 1 from tenants limit 1`.execute(database);
}
