import { PostgresAdapter } from "kysely";
import type { EnhancerDatabase } from "./schema.ts";

/** For the few statements that Kysely cannot word for both. */
export function isPostgres(database: EnhancerDatabase): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter;
}
