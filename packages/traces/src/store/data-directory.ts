import { ThroughlineError } from "@throughline/api/errors";
import { chmodSync, openSync, readSync, closeSync } from "node:fs";
import { join } from "node:path";
import { blockVersion, oldestBlockVersion, versionOf } from "./block/format.ts";
import type { Files } from "./files.ts";
import { type DirectoryLock, lockDirectory } from "./lock.ts";
import type { StoreLog } from "./log.ts";
import { emptyManifest, type Manifest, readManifest, writeManifest } from "./manifest.ts";
import { walPath, walVersion, walVersionOf } from "./wal.ts";

export interface OpenedDirectory {
  lock: DirectoryLock;
  manifest: Manifest;
  /** Numbers of the logs whose spans are in no block yet, ascending. */
  logs: number[];
}

/**
 * Locks the directory, refuses what it does not know before anything is touched, and deletes what a crash left unfinished. Throws
 * ThroughlineError TL_DATA_DIRECTORY_IN_USE, TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN; the directory is then not locked.
 */
export function openDirectory(
  directory: string,
  files: Files,
  nowMs: () => number,
  log: StoreLog,
): OpenedDirectory {
  return usable(directory, () => {
    files.makeDirectory(directory);
    chmodSync(directory, 0o700);
    const lock = lockDirectory(directory, nowMs);
    try {
      checkVersions(directory, files);
      const manifest = readManifest(directory, files) ?? firstManifest(directory, files);
      return { lock, ...tidy(directory, manifest, files, log) };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/** Written before anything else: blocks without a manifest are no new directory, and are not ours to delete. */
function firstManifest(directory: string, files: Files): Manifest {
  if (files.list(directory).some((name) => /^\d{16}\.block$/.test(name))) {
    throw new ThroughlineError(
      "TL_DATA_DIRECTORY_UNUSABLE",
      `${directory} has blocks but no manifest.json; nothing was touched.`,
    );
  }
  writeManifest(directory, emptyManifest, files);
  return emptyManifest;
}

function checkVersions(directory: string, files: Files): void {
  for (const name of files.list(directory)) {
    const path = join(directory, name);
    const isLog = /^\d{16}\.wal$/.test(name);
    if (!isLog && !/^\d{16}\.block$/.test(name)) continue;
    const version = isLog ? walVersionOf(path) : versionOf(firstBytes(path));
    const known = isLog ? walVersion : blockVersion;
    const oldest = isLog ? walVersion : oldestBlockVersion;
    if (version === undefined || (version >= oldest && version <= known)) continue;
    throw new ThroughlineError(
      "TL_DATA_VERSION_UNKNOWN",
      `${path} has format version ${version}; this version of Throughline reads ${known}.`,
    );
  }
}

function firstBytes(path: string): Buffer {
  const bytes = Buffer.alloc(16);
  const descriptor = openSync(path, "r");
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, 16, 0));
  } finally {
    closeSync(descriptor);
  }
}

function tidy(
  directory: string,
  found: Manifest,
  files: Files,
  log: StoreLog,
): { manifest: Manifest; logs: number[] } {
  const named = new Set(found.blocks.map(({ id }) => id));
  const sealed = new Set(found.sealed);
  const logs: number[] = [];
  let highest = 0;
  for (const name of files.list(directory)) {
    const [, digits, kind] = /^(\d{16})\.(wal|block)(?:\.|$)/.exec(name) ?? [];
    const id = Number(digits ?? 0);
    highest = Math.max(highest, id);
    if (name === `${digits}.block` && !named.has(id)) files.remove(join(directory, name));
    if (name !== `${digits}.wal` || kind !== "wal") continue;
    if (sealed.has(id)) files.remove(join(directory, name));
    else if (walVersionOf(join(directory, name)) === undefined) dropUnusable(directory, id, files, log);
    else logs.push(id);
  }
  files.remove(join(directory, "manifest.json.new"));
  files.syncDirectory(directory);
  const manifest = { ...found, sealed: [], nextId: Math.max(found.nextId, highest + 1) };
  if (found.sealed.length > 0) writeManifest(directory, manifest, files);
  return { manifest, logs: logs.sort((a, b) => a - b) };
}

/** A log without a header: the crash came before its first record, or it is damaged; then it is kept under another name. */
function dropUnusable(directory: string, id: number, files: Files, log: StoreLog): void {
  const path = walPath(directory, id);
  if (files.read(path).every((byte) => byte === 0) || files.size(path) < 12) {
    files.remove(path);
    return;
  }
  files.rename(path, `${path}.damaged`);
  log.error({ file: `${path}.damaged` }, "a file of the write-ahead log is damaged and was set aside");
}

/** Runs what needs the directory; what the system refuses becomes TL_DATA_DIRECTORY_UNUSABLE. */
function usable<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ThroughlineError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${directory}: ${what}.`, { cause });
  }
}
