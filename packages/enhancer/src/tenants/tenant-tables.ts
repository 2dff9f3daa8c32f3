import type { Write } from "./rows.ts";

/** What goes with a tenant, and what the report calls it. */
export const tenantTables = {
  tenant_secrets: "secrets",
  ticket_history: "history",
  documents: "documents",
  inventory: "systems",
  search_words: "words",
  context_state: undefined,
  feedback: "feedback",
  model_spending: "spending",
  enhancements: "enhancements",
} as const;
export type TenantDataKind = Exclude<(typeof tenantTables)[keyof typeof tenantTables], undefined>;

/** Deletes all rows of a tenant, those of `tenants` apart. */
export async function deleteRows(write: Write, tenantId: string): Promise<Record<TenantDataKind, number>> {
  const report: Record<TenantDataKind, number> = {
    secrets: 0,
    history: 0,
    documents: 0,
    systems: 0,
    words: 0,
    feedback: 0,
    spending: 0,
    enhancements: 0,
  };
  for (const [table, kind] of Object.entries(tenantTables) as [
    keyof typeof tenantTables,
    TenantDataKind | undefined,
  ][]) {
    const { numDeletedRows } = await write
      .deleteFrom(table)
      .where("tenant_id", "=", tenantId)
      .executeTakeFirstOrThrow();
    if (kind !== undefined) report[kind] = Number(numDeletedRows);
  }
  return report;
}
