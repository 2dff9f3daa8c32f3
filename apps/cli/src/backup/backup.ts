import { ThroughlineError } from "@throughline/api";
import { copyTraceStore } from "@throughline/traces";
import { existsSync, readdirSync } from "node:fs";
import { chmod, copyFile, mkdir, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writeJsonFile } from "../runtime/data-directory.ts";
import { version } from "../version.ts";
import { type BackupManifest, describeFiles, formatVersion, manifestName } from "./manifest.ts";
import type { Environment } from "./run-tool.ts";

export interface BackupOptions {
  data: string;
  postgres: string | undefined;
  redis: string | undefined;
  environment: Environment;
  /** Which key opens the tenants' secrets, and where it is; null where none was sealed. */
  tenantsKey: BackupManifest["tenantsKey"];
}

/** Beside the databases and the traces. Sessions are not among them: people log in again. */
const smallFiles = ["users.json", "tokens.json", "console.token", "links.key"];

/**
 * Writes everything that Throughline keeps to `target`, an empty directory, while it runs: what was acknowledged before is in it. The
 * key of the tenants' secrets is not. Throws TL_BACKUP_TARGET, TL_BACKUP_FAILED, TL_PROGRAM_MISSING, TL_QUEUE_UNAVAILABLE.
 */
export async function makeBackup(target: string, options: BackupOptions): Promise<BackupManifest> {
  const { data, postgres, redis, environment } = options;
  const directory = resolve(target);
  await makeEmpty(directory);
  const startedAt = new Date().toISOString();
  const paths: string[] = [];
  const written = async (path: string, write: (file: string) => Promise<unknown>) => {
    const file = join(directory, path);
    await write(file);
    await chmod(file, 0o600);
    await sync(file);
    paths.push(path);
  };
  // The queue before the records: a job that ends in between is done again, and finds its note on the ticket.
  if (redis !== undefined) {
    const { dumpRedis } = await import("./redis.ts");
    await written("redis.rdb", (file) => dumpRedis(redis, file, environment));
  }
  const database = join(data, "throughline.db");
  if (existsSync(database)) {
    const { copySqlite } = await import("@throughline/enhancer/transfer");
    await written("throughline.db", (file) => copySqlite(database, file));
  }
  if (postgres !== undefined) {
    const { dumpPostgres } = await import("./postgres.ts");
    await written("postgres.dump", (file) => dumpPostgres(postgres, file, environment));
  }
  const traces = join(data, "traces");
  if (existsSync(traces)) {
    await mkdir(join(directory, "traces"), { mode: 0o700 });
    paths.push(...(await copyTraceStore(traces, join(directory, "traces"))).map((name) => `traces/${name}`));
  }
  for (const name of smallFiles)
    if (existsSync(join(data, name))) await written(name, (file) => copyFile(join(data, name), file));
  const manifest: BackupManifest = {
    format: "throughline-backup",
    version: formatVersion,
    program: version,
    startedAt,
    endedAt: new Date().toISOString(),
    database: postgres === undefined ? "sqlite" : "postgres",
    queue: redis === undefined ? "sqlite" : "redis",
    tenantsKey: options.tenantsKey,
    files: await describeFiles(directory, paths),
  };
  await sync(directory);
  writeJsonFile(join(directory, manifestName), manifest);
  await sync(directory);
  return manifest;
}

async function makeEmpty(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (readdirSync(directory).length === 0) return;
  } catch (cause) {
    throw new ThroughlineError("TL_BACKUP_TARGET", `${directory}: ${String(cause)}`, { cause });
  }
  throw new ThroughlineError("TL_BACKUP_TARGET", `${directory} is not empty.`);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
