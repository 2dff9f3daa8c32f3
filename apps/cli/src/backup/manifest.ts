import { ThroughlineError } from "@throughline/api";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

/** `backup.json`: written last, so a backup without one is none. */
export const manifestName = "backup.json";
export const formatVersion = 1;

const manifestSchema = z.object({
  format: z.literal("throughline-backup"),
  version: z.literal(formatVersion),
  /** Of the program that made it. */
  program: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  /** Where business data was, and is to be again. */
  database: z.enum(["sqlite", "postgres"]),
  queue: z.enum(["sqlite", "redis"]),
  /** Which key opens the tenants' secrets (not the key); null where no secret was sealed. */
  tenantsKey: z.object({ id: z.string(), file: z.string() }).nullable(),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** Of files below a directory. */
export function describeFiles(directory: string, paths: readonly string[]): Promise<BackupManifest["files"]> {
  return Promise.all(
    paths.map(async (path) => ({
      path,
      bytes: (await stat(join(directory, path))).size,
      sha256: await digestOf(join(directory, path)),
    })),
  );
}

/** Throws TL_BACKUP_UNUSABLE for a directory that holds no whole backup of this or an earlier version. */
export function readBackupManifest(directory: string): BackupManifest {
  const file = join(directory, manifestName);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ThroughlineError(
      "TL_BACKUP_UNUSABLE",
      `${directory} is no backup, or one that did not come to its end: it has no readable ${manifestName}.`,
      { cause },
    );
  }
  const version = z.object({ version: z.number() }).safeParse(content).data?.version;
  if (version !== undefined && version > formatVersion)
    throw new ThroughlineError(
      "TL_BACKUP_UNUSABLE",
      `${file} has format version ${version}; this version of Throughline reads up to ${formatVersion}.`,
    );
  const parsed = manifestSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ThroughlineError("TL_BACKUP_UNUSABLE", `${file} is not as Throughline writes it.`);
}

/** Throws TL_BACKUP_UNUSABLE naming the first file that is missing or was changed. */
export async function checkFiles(directory: string, { files }: BackupManifest): Promise<void> {
  for (const { path, sha256 } of files) {
    const found = await digestOf(join(directory, path)).catch(() => undefined);
    if (found === sha256) continue;
    const what = found === undefined ? "is missing or cannot be read" : "was changed after the backup";
    throw new ThroughlineError("TL_BACKUP_UNUSABLE", `${join(directory, path)} ${what}.`);
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
