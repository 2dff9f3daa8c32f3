/**
 * The manifest: which blocks exist. One file `manifest.json`, replaced as a whole (written beside it, synced, renamed, its directory
 * synced): two lines, JSON and the CRC-32 of the first line's bytes in hex.
 *
 *   format    "throughline-traces"
 *   version   1; another is refused
 *   nextId    the first number that no block and no log has used
 *   blocks    see BlockEntry
 *   sealed    numbers of logs whose spans are in blocks: such a file is left over and is deleted
 *   pins      trace ids that retention spares
 *   removed   what retention deleted last: when, and until which start (ns) and receipt (ms) spans may be missing
 *   damaged   names of the files that were set aside
 */
import { ThroughlineError } from "@throughline/api/errors";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { Files } from "./files.ts";

const count = z.number().int().nonnegative();
const nanoseconds = z.string().regex(/^\d{1,20}$/);

const blockEntry = z.object({
  id: count,
  bytes: count,
  rows: count,
  traces: count,
  firstStart: nanoseconds,
  lastStart: nanoseconds,
  receivedFirstMs: z.number(),
  receivedLastMs: z.number(),
  /** Holds pinned traces only; retention by age and size passes it by. */
  isKept: z.boolean(),
});

const manifestSchema = z.object({
  format: z.literal("throughline-traces"),
  version: z.literal(1),
  nextId: count,
  blocks: z.array(blockEntry),
  sealed: z.array(count),
  pins: z.array(z.string()),
  removed: z.object({ atMs: z.number(), lastStart: nanoseconds, receivedLastMs: z.number() }).nullable(),
  damaged: z.array(z.string()),
});

export type BlockEntry = z.infer<typeof blockEntry>;
export type Manifest = z.infer<typeof manifestSchema>;

export const emptyManifest: Manifest = {
  format: "throughline-traces",
  version: 1,
  nextId: 1,
  blocks: [],
  sealed: [],
  pins: [],
  removed: null,
  damaged: [],
};

const fileName = "manifest.json";

/** undefined where there is none yet. Throws ThroughlineError TL_DATA_VERSION_UNKNOWN, TL_DATA_DIRECTORY_UNUSABLE. */
export function readManifest(directory: string, files: Files): Manifest | undefined {
  const path = join(directory, fileName);
  if (!files.list(directory).includes(fileName)) return undefined;
  const [text = "", checksum] = files.read(path).toString("utf8").split("\n");
  if (checksum !== checksumOf(text)) throw unusable(path, "does not match its checksum");
  const parsed: unknown = JSON.parse(text);
  const version = z.object({ version: z.number() }).safeParse(parsed).data?.version;
  if (version !== emptyManifest.version) {
    throw new ThroughlineError(
      "TL_DATA_VERSION_UNKNOWN",
      `${path} has format version ${version ?? "unknown"}; this version of Throughline reads ${emptyManifest.version}.`,
    );
  }
  const manifest = manifestSchema.safeParse(parsed);
  if (!manifest.success) throw unusable(path, "is not as Throughline writes it");
  return manifest.data;
}

export function writeManifest(directory: string, manifest: Manifest, files: Files): void {
  const text = JSON.stringify(manifest);
  const path = join(directory, fileName);
  files.write(`${path}.new`, [Buffer.from(`${text}\n${checksumOf(text)}\n`, "utf8")]);
  files.rename(`${path}.new`, path);
  files.syncDirectory(directory);
}

export function blockPath(directory: string, id: number): string {
  return join(directory, `${String(id).padStart(16, "0")}.block`);
}

function checksumOf(text: string): string {
  return crc32(Buffer.from(text, "utf8")).toString(16).padStart(8, "0");
}

function unusable(path: string, why: string): ThroughlineError {
  return new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${path} ${why}; nothing was touched.`);
}
