import { ThroughlineError } from "@throughline/api/errors";
import { constants, existsSync } from "node:fs";
import { copyFile, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemFiles } from "./files.ts";
import { blockPath, type Manifest, readManifest, writeManifest } from "./manifest.ts";

/** A store under way replaces a few blocks in a minute; one that never holds still is told of. */
const roundsAtMost = 200;
const pauseMs = 50;

/**
 * Copies a trace store, also one that takes spans meanwhile: every span that was acknowledged before the call is in the copy, once. `to`
 * is empty. Nothing in `from` is locked or changed. Names of the files in `to`.
 *
 * Logs are copied first: what is acknowledged is in one of them or in a block that the manifest names. A log only goes after a
 * manifest that names its block was written. So the manifest of the copy must be one that was read while the copied logs were still
 * there: then its list of sealed logs says of each whether its spans are in a block too.
 */
export async function copyTraceStore(from: string, to: string): Promise<string[]> {
  const logs = await copyLogs(from, to);
  const blocks = new Set<number>();
  for (let round = 0; round < roundsAtMost; round++) {
    for (const name of logs) {
      // Its spans are in a block of the manifest that is read next.
      if (existsSync(join(from, name))) continue;
      await rm(join(to, name));
      logs.delete(name);
    }
    const manifest = readManifest(from, systemFiles);
    if (manifest === undefined) return [...logs];
    const isWhole =
      (await copyBlocks(manifest, from, to, blocks)) &&
      [...logs].every((name) => existsSync(join(from, name)));
    if (isWhole) {
      for (const id of blocks)
        if (!manifest.blocks.some((block) => block.id === id)) await rm(blockPath(to, id));
      writeManifest(to, manifest, systemFiles);
      return [...logs, ...manifest.blocks.map(({ id }) => nameOf(id)), "manifest.json"];
    }
    await sleep(pauseMs);
  }
  throw new ThroughlineError(
    "TL_BACKUP_FAILED",
    `${from} changes faster than it can be copied: its blocks were replaced ${roundsAtMost} times meanwhile.`,
  );
}

async function copyLogs(from: string, to: string): Promise<Set<string>> {
  const logs = new Set<string>();
  for (const name of systemFiles.list(from)) {
    if (/^\d{16}\.wal$/.test(name) && (await copyWhole(join(from, name), join(to, name)))) logs.add(name);
  }
  return logs;
}

/** Copies what is not there yet; false where a block is gone: merged or deleted, and a later manifest tells. */
async function copyBlocks(manifest: Manifest, from: string, to: string, done: Set<number>): Promise<boolean> {
  for (const { id } of manifest.blocks) {
    if (done.has(id)) continue;
    if (!(await copyWhole(blockPath(from, id), blockPath(to, id)))) return false;
    done.add(id);
  }
  return true;
}

function nameOf(id: number): string {
  return `${String(id).padStart(16, "0")}.block`;
}

/** Copied and synced; false where there is none. */
async function copyWhole(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
  const copy = await open(to, "r+");
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
  return true;
}
