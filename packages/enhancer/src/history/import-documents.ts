import { ThroughlineError } from "@throughline/api";
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { EnhancerDatabase } from "../database/schema.ts";
import { type Importer, noneYet, requireTenant, unreadable } from "./import-result.ts";
import { cutIntoSections, type Section } from "./sections.ts";

const fileLimitBytes = 10 * 1024 * 1024;
const known = /\.(?:md|markdown|txt|html?)(?:\.gz)?$/i;
const inflate = promisify(gunzip);

interface FoundFile {
  file: string;
  bytes: number;
}

/**
 * Markdown, text and HTML of a folder and its sub-folders (gzip too), cut into sections by headings. A changed document
 * replaces its sections. Paths begin with the folder's name. Throws TL_TENANT_UNKNOWN, TL_FILE_UNREADABLE, TL_IMPORT_NOTHING.
 */
export const importDocuments: Importer = async (database, tenantId, folder, options) => {
  await requireTenant(database, tenantId);
  const root = await realpath(folder).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const files = await findFiles(root).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const result = noneYet();
  let done = 0;
  for (const { file, bytes } of files) {
    const path = [basename(root), ...relative(root, file).split(sep)].join("/");
    result.read++;
    try {
      const sections = cutIntoSections(file, await readText(file, bytes), basename(file).replace(known, ""));
      const outcome = await replaceSections(database, tenantId, path, sections);
      if (sections.length === 0) throw new Error("holds no text");
      result[outcome]++;
    } catch (error) {
      result.skipped++;
      options.onBadRow(path, error instanceof Error ? error.message : String(error));
    }
    done += bytes;
    options.onProgress(done, total);
  }
  if (result.read === 0)
    throw new ThroughlineError("TL_IMPORT_NOTHING", `${folder} holds no .md, .txt or .html file.`);
  return result;
};

/** Sorted. Links that lead out of the folder are passed over. */
async function findFiles(root: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (known.test(entry.name) && (await isInside(root, path)))
        found.push({ file: path, bytes: (await stat(path)).size });
    }
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Regular files only: a pipe would be waited for without end. */
async function isInside(root: string, path: string): Promise<boolean> {
  const entry = await lstat(path);
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await realpath(path).catch(() => undefined);
  return target !== undefined && target.startsWith(root + sep) && (await stat(target)).isFile();
}

async function readText(file: string, bytes: number): Promise<string> {
  const tooLarge = `is over ${fileLimitBytes / 1024 / 1024} MiB`;
  if (bytes > fileLimitBytes) throw new Error(tooLarge);
  const raw = await readFile(file);
  const content = /\.gz$/i.test(file)
    ? await inflate(raw, { maxOutputLength: fileLimitBytes }).catch((error: NodeJS.ErrnoException) => {
        throw new Error(error.code === "ERR_BUFFER_TOO_LARGE" ? `${tooLarge} inflated` : "is no gzip file", {
          cause: error,
        });
      })
    : raw;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return new TextDecoder("windows-1252").decode(content);
  }
}

async function replaceSections(
  database: EnhancerDatabase,
  tenantId: string,
  path: string,
  sections: readonly Section[],
) {
  return database.transaction().execute(async (transaction) => {
    const before = await transaction
      .selectFrom("documents")
      .select(["anchor", "title", "body"])
      .where("tenant_id", "=", tenantId)
      .where("path", "=", path)
      .orderBy("rowid")
      .execute();
    if (JSON.stringify(before) === JSON.stringify(sections)) return "unchanged";
    await transaction
      .deleteFrom("documents")
      .where("tenant_id", "=", tenantId)
      .where("path", "=", path)
      .execute();
    for (const section of sections)
      await transaction
        .insertInto("documents")
        .values({ tenant_id: tenantId, path, ...section })
        .execute();
    return before.length === 0 ? "inserted" : "updated";
  });
}
