import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { openSqlite } from "../../database/sqlite.ts";
import type { DirectStatements } from "../../database/direct-statements.ts";
import { GroupCommit } from "./group-commit.ts";

/** Another process's lock is waited for without blocking the thread (`GroupCommit`), so SQLite itself hardly waits. */
const busyTimeoutMs = 5;

/** The queue's own connection to the data file: hot statements are prepared once, and no query builder stands between. */
export class QueueConnection implements DirectStatements {
  readonly commit: GroupCommit;
  private readonly sqlite: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  /** Milliseconds since the epoch. */
  readonly now: () => number;

  constructor(file: string, now: () => number = Date.now) {
    this.now = now;
    this.sqlite = openSqlite(file);
    this.sqlite.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
    this.commit = new GroupCommit(this.sqlite, file);
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.prepared(sql).run(...values).changes);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the row's type stands beside the statement that yields it
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.prepared(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.prepared(sql).all(...values) as T[];
  }

  /** Closed twice is closed. */
  async close(): Promise<void> {
    await this.commit.close();
    this.statements.clear();
    if (this.sqlite.isOpen) this.sqlite.close();
  }

  private prepared(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.sqlite.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}
