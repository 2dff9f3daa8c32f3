import { ThroughlineError } from "@throughline/api";
import { Kysely, SqliteDialect } from "kysely";
import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { migrations } from "./migrations/index.ts";
import { takeSnapshot } from "./sqlite-snapshots.ts";

/** How long a writer waits for another process's lock. The wait blocks the thread: keep it short where requests are served. */
const busyTimeoutMs = 1_000;

export interface SqliteOptions {
  busyTimeoutMs?: number;
}

/**
 * Opens (and where needed creates or migrates) the file. Any number of connections, also of several processes, may hold it open.
 * Throws TL_DATA_VERSION_UNKNOWN for a file of a later version and TL_DATA_DIRECTORY_UNUSABLE where it cannot be opened.
 */
export function openSqlite(file: string, options: SqliteOptions = {}): DatabaseSync {
  const isNew = !existsSync(file);
  let sqlite: DatabaseSync | undefined;
  try {
    // SQLite makes a file that all may read; log and index beside it get the rights that it has.
    if (isNew) closeSync(openSync(file, "a", 0o600));
    sqlite = new DatabaseSync(file, { timeout: options.busyTimeoutMs ?? busyTimeoutMs });
    // WAL lets readers and one writer work side by side; FULL syncs each commit: a 202 survives power loss.
    // What is deleted is overwritten: whoever must be forgotten is not found in the file's free pages.
    sqlite.exec(
      "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on",
    );
    migrate(sqlite, file);
    return sqlite;
  } catch (error) {
    sqlite?.close();
    if (error instanceof ThroughlineError) throw error;
    const what = isNew ? "cannot be created" : "cannot be opened";
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${file} ${what}: ${String(error)}`, {
      cause: error,
    });
  }
}

/** Under the file's write lock: of several processes that start at once, one migrates and the others find it done. */
function migrate(sqlite: DatabaseSync, file: string): void {
  sqlite.exec("begin immediate");
  try {
    const version = Number(sqlite.prepare("pragma user_version").get()?.["user_version"] ?? 0);
    if (version > migrations.length) {
      throw new ThroughlineError(
        "TL_DATA_VERSION_UNKNOWN",
        `${file} has schema version ${version}; this program knows up to ${migrations.length}.`,
      );
    }
    if (version > 0 && version < migrations.length) takeSnapshot(file, version);
    for (const { sqlite: statements, afterSqlite } of migrations.slice(version)) {
      if (statements !== undefined) sqlite.exec(statements);
      afterSqlite?.(sqlite);
    }
    if (version < migrations.length) sqlite.exec(`pragma user_version = ${migrations.length}`);
    sqlite.exec("commit");
  } catch (error) {
    sqlite.exec("rollback");
    throw error;
  }
}

/** Kysely over an open connection; destroying it closes the connection, whether it was used or not. */
export function sqliteKysely<Tables>(sqlite: DatabaseSync): Kysely<Tables> {
  return new ClosingKysely<Tables>(sqlite);
}

class ClosingKysely<Tables> extends Kysely<Tables> {
  private readonly sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    super({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) });
    this.sqlite = sqlite;
  }

  override async destroy(): Promise<void> {
    await super.destroy();
    if (this.sqlite.isOpen) this.sqlite.close();
  }
}

/** Kysely speaks to SQLite through better-sqlite3's interface; `node:sqlite` offers the same under other names. */
function forKysely(sqlite: DatabaseSync) {
  const cache = new Map<string, { statement: StatementSync; reader: boolean }>();
  const prepare = (text: string) => {
    const known = cache.get(text);
    if (known !== undefined) return known;
    // A deferred transaction that turns into a writer fails at once when another process writes: take the lock first.
    const statement = sqlite.prepare(text === "begin" ? "begin immediate" : text);
    const prepared = { statement, reader: statement.columns().length > 0 };
    if (cache.size >= 500) cache.clear();
    cache.set(text, prepared);
    return prepared;
  };
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
  return {
    close: () => {
      cache.clear();
      sqlite.close();
    },
    prepare: (text: string) => {
      const { statement, reader } = prepare(text);
      return {
        reader,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      };
    },
  };
}
