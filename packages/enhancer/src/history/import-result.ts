import { ThroughlineError } from "@throughline/api";
import type { EnhancerDatabase } from "../database/schema.ts";

export interface ImportOptions {
  /** Bytes read so far and in all. */
  onProgress: (doneBytes: number, totalBytes: number) => void;
  /** A row, or a file of a folder, that was skipped: its line or path, and why. */
  onBadRow: (where: number | string, reason: string) => void;
  /** Labels of every document of the folder: `version:2.1`, `permission:staff`, `howto`. */
  labels?: readonly string[];
}

/** Counts of rows, or of files for a folder of documents. */
export interface ImportResult {
  read: number;
  inserted: number;
  updated: number;
  unchanged: number;
  skipped: number;
}

export type Importer = (
  database: EnhancerDatabase,
  tenantId: string,
  path: string,
  options: ImportOptions,
) => Promise<ImportResult>;

export function noneYet(): ImportResult {
  return { read: 0, inserted: 0, updated: 0, unchanged: 0, skipped: 0 };
}

/** Throws TL_TENANT_UNKNOWN. */
export async function requireTenant(database: EnhancerDatabase, tenantId: string): Promise<void> {
  const row = await database.selectFrom("tenants").select("id").where("id", "=", tenantId).executeTakeFirst();
  if (row === undefined) throw new ThroughlineError("TL_TENANT_UNKNOWN", `There is no tenant "${tenantId}".`);
}

export function unreadable(path: string, error: unknown): ThroughlineError {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT"
      ? "does not exist"
      : code === "EISDIR"
        ? "is a folder"
        : code === "ENOTDIR"
          ? "is not a folder"
          : `cannot be read (${code ?? String(error)})`;
  return new ThroughlineError("TL_FILE_UNREADABLE", `${path} ${why}.`, { cause: error });
}
