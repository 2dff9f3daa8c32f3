import { ThroughlineError } from "@throughline/api";
import type { z } from "zod";
import type { EnhancerDatabase } from "../database/schema.ts";
import { type ImportOptions, type ImportResult, noneYet, requireTenant } from "./import-result.ts";
import { readRows } from "./rows.ts";
import { refreshStatistics } from "./write-terms.ts";

/** Rows that go into one transaction: other writers get their turn between two. */
const rowsPerTransaction = 100;
const manyRows = 1_000;

export interface RowImport<T> {
  schema: z.ZodType<T>;
  /** Columns that a CSV must have. */
  required: readonly string[];
  /** What a row is known by within its tenant. */
  keyOf: (row: T) => string;
  /** Stores rows of different keys in one transaction. */
  upsert: (
    database: EnhancerDatabase,
    tenantId: string,
    rows: readonly T[],
  ) => Promise<Pick<ImportResult, "inserted" | "updated" | "unchanged">>;
}

/** Streams a CSV or JSONL file into a tenant's rows. Throws TL_TENANT_UNKNOWN, TL_FILE_UNREADABLE, TL_IMPORT_NOTHING. */
export async function importRows<T>(
  { schema, required, keyOf, upsert }: RowImport<T>,
  database: EnhancerDatabase,
  tenantId: string,
  path: string,
  options: ImportOptions,
): Promise<ImportResult> {
  await requireTenant(database, tenantId);
  const result = noneYet();
  let batch = new Map<string, T>();
  const flush = async () => {
    const counts = await upsert(database, tenantId, [...batch.values()]);
    result.inserted += counts.inserted;
    result.updated += counts.updated;
    result.unchanged += counts.unchanged;
    batch = new Map();
  };
  for await (const { line, fields, problem } of readRows(path, required, options)) {
    result.read++;
    const parsed = schema.safeParse(fields);
    if (problem !== undefined || !parsed.success) {
      result.skipped++;
      const issue = parsed.error?.issues[0];
      options.onBadRow(line, problem ?? `${issue?.path.join(".") || "row"}: ${issue?.message ?? "is wrong"}`);
      continue;
    }
    // A key that stands twice in one batch: the later line counts.
    if (batch.has(keyOf(parsed.data))) await flush();
    batch.set(keyOf(parsed.data), parsed.data);
    if (batch.size >= rowsPerTransaction) await flush();
  }
  await flush();
  if (result.inserted + result.updated >= manyRows) await refreshStatistics(database);
  if (result.read === 0) throw new ThroughlineError("TL_IMPORT_NOTHING", `${path} holds no rows.`);
  return result;
}
