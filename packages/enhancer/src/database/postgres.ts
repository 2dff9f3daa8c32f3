import { ThroughlineError } from "@throughline/api";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type PostgresPool,
} from "kysely";
import { migrations } from "./migrations/index.ts";
import { rollBackPostgres, type Run, takePostgresSnapshot } from "./postgres-snapshots.ts";
import { explainPostgresError } from "./postgres-errors.ts";
import { bigintParser } from "./postgres-types.ts";
import type { SchemaSnapshot } from "./sqlite-snapshots.ts";
import type { BusinessTables, EnhancerDatabase } from "./schema.ts";

const connectionsAtMost = 10;
const connectTimeoutMs = 5_000;
/** Any number that no other program takes in this database: who holds it migrates. */
const migrationLock = 7_238_401_155;

/**
 * Connects at the first statement, and again at each one after an outage; pg itself is loaded then. The first connection
 * migrates. Statements throw TL_DATABASE_UNAVAILABLE while the server cannot be reached, TL_DATA_VERSION_UNKNOWN for a later
 * schema, TL_DATABASE_EXTENSION_MISSING without pg_trgm. The password is in none of them.
 */
export function openPostgres(url: string): EnhancerDatabase {
  return new Kysely<BusinessTables>({ dialect: new MigratingDialect(url) });
}

class MigratingDialect extends PostgresDialect {
  private readonly url: string;

  constructor(url: string) {
    super({ pool: () => openPool(url) });
    this.url = url;
  }

  override createDriver(): PostgresDriver {
    return new MigratingDriver(this.url);
  }
}

class MigratingDriver extends PostgresDriver {
  private readonly where: string;
  private migrated: Promise<void> | undefined;
  private readonly explained = new WeakSet<DatabaseConnection>();

  constructor(url: string) {
    super({ pool: () => openPool(url) });
    this.where = withoutCredentials(url);
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    let connection: DatabaseConnection;
    try {
      connection = await super.acquireConnection();
    } catch (error) {
      throw explainPostgresError(error, this.where);
    }
    this.explainErrorsOf(connection);
    const migrated = (this.migrated ??= migrate(connection, this.where));
    try {
      await migrated;
      return connection;
    } catch (error) {
      if (this.migrated === migrated) this.migrated = undefined;
      await giveBack(this, connection);
      throw error;
    }
  }

  private explainErrorsOf(connection: DatabaseConnection): void {
    if (this.explained.has(connection)) return;
    this.explained.add(connection);
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = async (query, options) => {
      try {
        return await execute(query, options);
      } catch (error) {
        throw explainPostgresError(error, this.where);
      }
    };
  }
}

function giveBack(driver: Driver, connection: DatabaseConnection): Promise<void> {
  return driver.releaseConnection(connection);
}

async function openPool(url: string): Promise<PostgresPool> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsAtMost,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: "throughline",
    types: { getTypeParser: bigintParser(pg.types.getTypeParser.bind(pg.types)) },
  });
  // A connection that breaks while nobody waits for it, idle or between two statements of a transaction, would end the process
  // if nobody listened: the pool drops it, and the next statement tells.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** In one transaction under an advisory lock: of several processes that start at once, one migrates and the others find it done. */
async function migrate(connection: DatabaseConnection, where: string): Promise<void> {
  const run = (text: string, ...values: unknown[]) =>
    connection.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, values));
  await run("begin");
  try {
    await run(`select pg_advisory_xact_lock(${migrationLock})`);
    await run(
      "create table if not exists schema_migrations (version integer primary key, name text not null, applied_at bigint not null)",
    );
    const { rows } = await run("select coalesce(max(version), 0) as version from schema_migrations");
    const version = Number(rows[0]?.["version"]);
    if (version > migrations.length) {
      throw new ThroughlineError(
        "TL_DATA_VERSION_UNKNOWN",
        `${where} has schema version ${version}; this program knows up to ${migrations.length}.`,
      );
    }
    if (version < migrations.length) await requireTrigrams(run, where);
    if (version > 0 && version < migrations.length) await takePostgresSnapshot(run, version);
    for (const [at, { name, postgres }] of migrations.entries()) {
      if (at < version) continue;
      if (postgres !== undefined) await run(postgres);
      await run("insert into schema_migrations values ($1, $2, $3)", at + 1, name, Date.now());
    }
    await run("commit");
  } catch (error) {
    await run("rollback").catch(() => {});
    throw error;
  }
}

/** Puts back what the last migration replaced. Nothing else uses the database. Throws TL_SNAPSHOT_UNKNOWN, TL_DATABASE_UNAVAILABLE. */
export async function rollBack(url: string): Promise<SchemaSnapshot> {
  const where = withoutCredentials(url);
  const pool = await openPool(url);
  try {
    const client = await pool.connect().catch((error: unknown) => {
      throw explainPostgresError(error, where);
    });
    try {
      const run: Run = (text, ...values) => client.query<Record<string, unknown>>(text, values);
      await run("begin");
      await run(`select pg_advisory_xact_lock(${migrationLock})`);
      const snapshot = await rollBackPostgres(run, where);
      await run("commit");
      return snapshot;
    } finally {
      client.release();
    }
  } finally {
    await pool.end();
  }
}

/** Creates pg_trgm where that may be done: misspelt words are found by it. */
async function requireTrigrams(run: Run, where: string): Promise<void> {
  const { rows } = await run("select 1 from pg_extension where extname = 'pg_trgm'");
  if (rows.length > 0) return;
  try {
    await run("create extension pg_trgm");
  } catch (cause) {
    throw new ThroughlineError(
      "TL_DATABASE_EXTENSION_MISSING",
      `${where} lacks the extension pg_trgm and it cannot be created here: ${String(cause instanceof Error ? cause.message : cause)}.`,
      { cause },
    );
  }
}

/** `host:port/database` of a URL, for messages and logs. */
export function withoutCredentials(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  return `PostgreSQL at ${host || searchParams.get("host") || "localhost"}${pathname}`;
}
