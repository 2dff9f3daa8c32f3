import { ThroughlineError } from "@throughline/api";
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type Importer, noneYet, requireTenant, unreadable } from "./import-result.ts";
import { normalLabels, takeFrontMatter } from "./labels.ts";
import { cutIntoSections } from "./sections.ts";
import { replaceDocument } from "./store-document.ts";
import { refreshStatistics } from "./write-terms.ts";

const fileLimitBytes = 10 * 1024 * 1024;
const manyFiles = 100;
const labelFileLimitBytes = 10_000;
const known = /\.(?:md|markdown|txt|html?)(?:\.gz)?$/i;
const inflate = promisify(gunzip);

interface FoundFile {
  file: string;
  bytes: number;
}

/**
 * Markdown, text and HTML of a folder and its sub-folders (gzip too), cut into sections by headings. A changed document
 * replaces its sections. Labels come from the options, from files `.labels` of the folders, and from a document's front matter.
 * Paths begin with the folder's name. Throws TL_TENANT_UNKNOWN, TL_FILE_UNREADABLE, TL_IMPORT_NOTHING.
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
      const text = await readText(file, bytes);
      const { labels, body } = isMarkdown(file) ? takeFrontMatter(text) : { labels: [], body: text };
      const sections = cutIntoSections(file, body, basename(file).replace(known, ""));
      const outcome = await replaceDocument(database, tenantId, {
        path,
        origin: "folder",
        labels: normalLabels([...(options.labels ?? []), ...(await folderLabels(root, file)), ...labels]),
        sections,
      });
      if (sections.length === 0) throw new Error("holds no text");
      result[outcome]++;
    } catch (error) {
      result.skipped++;
      options.onBadRow(path, error instanceof Error ? error.message : String(error));
    }
    done += bytes;
    options.onProgress(done, total);
  }
  if (result.inserted + result.updated >= manyFiles) await refreshStatistics(database);
  if (result.read === 0)
    throw new ThroughlineError("TL_IMPORT_NOTHING", `${folder} holds no .md, .txt or .html file.`);
  return result;
};

function isMarkdown(file: string): boolean {
  return /\.(?:md|markdown)(?:\.gz)?$/i.test(file);
}

/** What the files `.labels` of the folder and of those above it say, one label a line. */
async function folderLabels(root: string, file: string): Promise<string[]> {
  const folders = [root];
  for (const name of relative(root, dirname(file)).split(sep))
    if (name !== "") folders.push(join(folders.at(-1) ?? root, name));
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const labelFile = join(folder, ".labels");
      const info = await lstat(labelFile).catch(() => undefined);
      return info?.isFile() === true && info.size <= labelFileLimitBytes ? readFile(labelFile, "utf8") : "";
    }),
  );
  return texts.flatMap((text) => text.split(/\r?\n/)).filter((line) => !line.trimStart().startsWith("#"));
}

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
