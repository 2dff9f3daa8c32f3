import { withoutCredentials } from "../database/postgres.ts";
import { explainPostgresError } from "../database/postgres-errors.ts";

/** What an operator should know of a PostgreSQL that holds business data. */
export interface DatabaseFacts {
  /** `17.2` */
  version: string;
  versionNumber: number;
  /** Settings by name, as the server shows them. */
  settings: Readonly<Record<string, string>>;
  connections: number;
  isStandby: boolean;
  /** How far this machine's clock is ahead of the server's, milliseconds. */
  clockAheadMs: number;
}

const wanted = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "max_connections",
  "superuser_reserved_connections",
  "default_transaction_read_only",
];

const aboutServer = `
  select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
    (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
    pg_is_in_recovery() as standby`;

/** Read-only: over a connection of its own, which migrates nothing. Throws TL_DATABASE_UNAVAILABLE and its like. */
export async function inspectPostgres(url: string, timeoutMs: number): Promise<DatabaseFacts> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: "throughline-doctor",
  });
  // One that breaks is told by the statement under way.
  client.on("error", () => {});
  try {
    await client.connect();
    const settings = await client.query<{ name: string; setting: string }>(
      "select name, setting from pg_settings where name = any($1)",
      [wanted],
    );
    const facts = await client.query<{
      version: string;
      number: number;
      connections: number;
      standby: boolean;
    }>(aboutServer);
    const askedMs = Date.now();
    const clock = await client.query<{ now: string }>(
      "select (extract(epoch from clock_timestamp()) * 1000)::text as now",
    );
    const middleMs = (askedMs + Date.now()) / 2;
    const [row] = facts.rows;
    if (row === undefined) throw new Error("PostgreSQL told nothing about itself.");
    return {
      version: row.version,
      versionNumber: row.number,
      settings: Object.fromEntries(settings.rows.map(({ name, setting }) => [name, setting])),
      connections: row.connections,
      isStandby: row.standby,
      clockAheadMs: middleMs - Number(clock.rows[0]?.now),
    };
  } catch (error) {
    throw explainPostgresError(error, withoutCredentials(url));
  } finally {
    await client.end().catch(() => {});
  }
}
