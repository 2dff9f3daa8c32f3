import { ThroughlineError } from "@throughline/api/errors";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** SQLite's "database is locked". */
const sqliteBusy = 5;

export interface DirectoryLock {
  /** May be called more than once. */
  release(): void;
}

/**
 * Takes the directory for this process, until `release` or the end of the process, however it ends: the lock is the
 * operating system's lock on an SQLite file, held by an open exclusive transaction. (A file with a process id would
 * outlive `kill -9`, and in a container the next process often has the same id.)
 * Throws ThroughlineError TL_DATA_DIRECTORY_IN_USE naming the holder.
 */
export function lockDirectory(directory: string, nowMs: () => number): DirectoryLock {
  const holder = join(directory, "lock.json");
  const database = new DatabaseSync(join(directory, "lock.sqlite"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
    throw new ThroughlineError(
      "TL_DATA_DIRECTORY_IN_USE",
      `${directory} is in use by ${describeHolder(holder)}.`,
      { cause: error },
    );
  }
  writeFileSync(
    holder,
    `${JSON.stringify({ pid: process.pid, host: hostname(), since: new Date(nowMs()).toISOString() })}\n`,
    { mode: 0o600 },
  );
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** What the holder wrote about itself; it may be about to write it. */
function describeHolder(path: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    return `process ${String(pid)} on ${String(host)}, since ${String(since)}`;
  } catch (error) {
    return `another process (${path} says nothing more: ${error instanceof Error ? error.name : String(error)})`;
  }
}
