import { randomBytes } from "node:crypto";
import { explainPostgresError } from "../database/postgres-errors.ts";
import { withoutCredentials } from "../database/postgres.ts";

/** A schema of its own in a database, so that nobody's data is touched. Throws TL_DATABASE_UNAVAILABLE. */
export async function temporarySchema(url: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `throughline_eval_${randomBytes(6).toString("hex")}`;
  const { Client } = await import("pg");
  const run = async (text: string) => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      await client.query(text);
    } catch (error) {
      throw explainPostgresError(error, withoutCredentials(url));
    } finally {
      await client.end();
    }
  };
  await run(`create schema ${name}`);
  const own = new URL(url);
  // The extension pg_trgm may stand in any schema that was on the path before, most often in public.
  own.searchParams.set("options", `-c search_path=${name},public`);
  return { url: own.href, drop: () => run(`drop schema ${name} cascade`) };
}
