import { ThroughlineError } from "@throughline/api";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Of a schema's version, taken before a later one took its place. */
export interface SchemaSnapshot {
  name: string;
  version: number;
  takenAt: string;
}

const keptAtMost = 3;
const pattern = /^v(\d+)-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)Z\.db$/;

/**
 * Copies the file to `snapshots/` beside it. To be called under the file's write lock: whatever was committed is in the file or in its
 * log, and a checkpoint meanwhile only writes to the file what the log says anyway.
 */
export function takeSnapshot(file: string, version: number): void {
  const directory = join(dirname(file), "snapshots");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const name = `v${version}-${new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-")}.db`;
  const copy = join(directory, name);
  const draft = `${copy}.new`;
  copyFileSync(file, draft);
  if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${draft}-wal`);
  const folded = new DatabaseSync(draft);
  folded.exec("pragma journal_mode = delete");
  folded.close();
  renameSync(draft, copy);
  for (const { name: old } of listSnapshots(file).slice(keptAtMost))
    rmSync(join(directory, old), { force: true });
}

/** Newest first. */
export function listSnapshots(file: string): SchemaSnapshot[] {
  const directory = join(dirname(file), "snapshots");
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((name) => {
      const [, version, hour, minutes, seconds] = pattern.exec(name) ?? [];
      return version === undefined
        ? []
        : [{ name, version: Number(version), takenAt: `${hour}:${minutes}:${seconds}Z` }];
    })
    .sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
}

/**
 * Puts a snapshot (the newest) in the file's place, and keeps what stood there beside it. Nothing has the file open. Throws
 * TL_SNAPSHOT_UNKNOWN.
 */
export function rollBackSqlite(file: string, name?: string): SchemaSnapshot & { replaced: string } {
  const snapshot = listSnapshots(file).find((one) => name === undefined || one.name === name);
  if (snapshot === undefined)
    throw new ThroughlineError(
      "TL_SNAPSHOT_UNKNOWN",
      name === undefined ? `There is no snapshot of ${file}.` : `There is no snapshot ${name}.`,
    );
  const directory = join(dirname(file), "snapshots");
  const replaced = join(directory, `replaced-${new Date().toISOString().replaceAll(":", "-")}.db`);
  const present = new DatabaseSync(file);
  // All of its log goes into the file: one file then is all of it.
  present.exec("pragma journal_mode = delete");
  present.close();
  const draft = `${file}.new`;
  copyFileSync(join(directory, snapshot.name), draft);
  renameSync(file, replaced);
  renameSync(draft, file);
  return { ...snapshot, replaced };
}
