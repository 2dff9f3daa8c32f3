import type { DatabaseSync } from "node:sqlite";

/** One step of the schema. A database that has nothing of it (queue tables in PostgreSQL) leaves its text out. */
export interface Migration {
  /** `NNNN-what`: the file's name. */
  name: string;
  sqlite?: string;
  /** What SQL alone cannot do with rows that are there; in the same transaction. */
  afterSqlite?: (sqlite: DatabaseSync) => void;
  postgres?: string;
}
