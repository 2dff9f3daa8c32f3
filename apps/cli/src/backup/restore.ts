import { ThroughlineError } from "@throughline/api";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runningInstances } from "../runtime/data-directory.ts";
import { type BackupManifest, checkFiles, readBackupManifest } from "./manifest.ts";
import type { Environment } from "./run-tool.ts";

export interface RestoreOptions {
  /** Made by `openDataDirectory`; nothing is kept in it yet. */
  data: string;
  postgres: string | undefined;
  redis: string | undefined;
  environment: Environment;
  /** The id of a key in a file; undefined where it holds none. */
  keyIdOf: (file: string) => string | undefined;
  /** Ids of the keys that the environment gives in place of a file. */
  givenKeyIds: readonly string[];
  /** The key file that was kept apart. */
  keyFile: string | undefined;
}

/** What of it is kept in files of the data directory as it is. */
const asItIs = /^(?:throughline\.db|users\.json|tokens\.json|links\.key|traces\/[\w.]+)$/;

/**
 * Puts a backup into an empty data directory, and its databases where `--postgres` and `--redis` say. Everything is checked before
 * anything is written. Throws TL_BACKUP_UNUSABLE, TL_RESTORE_TARGET, TL_RESTORE_KEY, TL_SETTING_INVALID, TL_BACKUP_FAILED, TL_PROGRAM_MISSING.
 */
export async function restoreBackup(source: string, options: RestoreOptions): Promise<BackupManifest> {
  const { data, postgres, redis, environment } = options;
  const manifest = readBackupManifest(source);
  await checkFiles(source, manifest);
  checkPlaces(manifest, options);
  checkKey(manifest, options);
  if (existsSync(join(data, "throughline.db")) || existsSync(join(data, "traces", "manifest.json")))
    throw new ThroughlineError("TL_RESTORE_TARGET", `${data} is in use: it holds tickets or traces.`);
  const [running] = runningInstances(data);
  if (running !== undefined)
    throw new ThroughlineError("TL_RESTORE_TARGET", `Process ${running.pid} runs on ${data}.`);
  if (redis !== undefined) {
    const { hasQueue } = await import("@throughline/enhancer/transfer");
    if (await hasQueue(redis))
      throw new ThroughlineError("TL_RESTORE_TARGET", "The Redis of --redis holds a queue of Throughline.");
  }
  // Refuses a database that is in use by itself: its tables are there.
  if (postgres !== undefined) {
    const { restorePostgres } = await import("./postgres.ts");
    await restorePostgres(postgres, join(source, "postgres.dump"), environment);
  }
  if (redis !== undefined) {
    const { restoreRedis } = await import("./redis.ts");
    await restoreRedis(redis, join(source, "redis.rdb"));
  }
  for (const { path } of manifest.files) {
    if (!asItIs.test(path)) continue;
    const file = join(data, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await copyFile(join(source, path), file);
    await chmod(file, 0o600);
  }
  if (options.keyFile !== undefined) {
    const file = join(data, "tenants.key");
    await copyFile(options.keyFile, file);
    await chmod(file, 0o600);
  }
  return manifest;
}

function checkPlaces({ database, queue }: BackupManifest, { postgres, redis }: RestoreOptions): void {
  const wrong =
    database === "postgres" && postgres === undefined
      ? "--postgres is not set, but the backup's tenants were in PostgreSQL: name an empty database."
      : database === "sqlite" && postgres !== undefined
        ? "--postgres is set, but the backup's tenants were in SQLite: leave it out."
        : queue === "redis" && redis === undefined
          ? "--redis is not set, but the backup's jobs were in Redis: name a server without a queue."
          : queue === "sqlite" && redis !== undefined
            ? "--redis is set, but the backup's jobs were in SQLite: leave it out."
            : undefined;
  if (wrong !== undefined) throw new ThroughlineError("TL_SETTING_INVALID", wrong);
}

function checkKey({ tenantsKey }: BackupManifest, { keyFile, keyIdOf, givenKeyIds }: RestoreOptions): void {
  if (tenantsKey === null) return;
  const { id, file } = tenantsKey;
  if (keyFile === undefined) {
    if (givenKeyIds.includes(id)) return;
    throw new ThroughlineError(
      "TL_RESTORE_KEY",
      `The tenants' secrets are sealed under the key ${id}, which was ${file}: name the file that was kept apart with --key-file.`,
    );
  }
  const found = keyIdOf(keyFile);
  if (found !== id)
    throw new ThroughlineError(
      "TL_RESTORE_KEY",
      `${keyFile} holds ${found === undefined ? "no key" : `the key ${found}`}; the tenants' secrets are sealed under the key ${id}.`,
    );
}
