/** One step of the schema. A database that has nothing of it (queue tables in PostgreSQL) leaves its text out. */
export interface Migration {
  /** `NNNN-what`: the file's name. */
  name: string;
  sqlite?: string;
  postgres?: string;
}
