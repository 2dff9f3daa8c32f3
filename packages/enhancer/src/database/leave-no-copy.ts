import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { isPostgres } from "./dialect.ts";
import type { EnhancerDatabase } from "./schema.ts";

const triesAtMost = 20;
const betweenTriesMs = 50;

/**
 * What was deleted is overwritten in SQLite's file (`secure_delete`), but stays in the log beside it until that is written anew: this
 * empties the log, as soon as nobody reads by it. PostgreSQL's own log is not ours.
 */
export async function leaveNoCopy(database: EnhancerDatabase): Promise<void> {
  if (isPostgres(database)) return;
  for (let tries = 1; tries <= triesAtMost; tries++) {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(database);
    if (rows[0]?.busy === 0) return;
    await sleep(betweenTriesMs);
  }
}
