import type { Transaction } from "kysely";
import type { BusinessTables, EnhancerDatabase } from "../database/schema.ts";
import { appendAudit, type AuditChange, localActor } from "./audit.ts";
import { infoFrom, type TenantInfo, unknownTenant } from "./tenant.ts";

/** A transaction that holds the lock of `tenants_revision`. */
export type Write = Transaction<BusinessTables>;

/** Throws TL_TENANT_UNKNOWN. */
export async function infoOf(database: EnhancerDatabase, id: string): Promise<TenantInfo> {
  const row = await database.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? unknownTenant(id) : infoFrom(row);
}

/** The tenant's row with its next revision. */
export async function touch(
  write: Write,
  before: TenantInfo,
  settings = before.settings,
): Promise<TenantInfo> {
  const after = { ...before, settings, revision: before.revision + 1, updatedAt: Date.now() };
  await write
    .updateTable("tenants")
    .set({ settings: JSON.stringify(settings), revision: after.revision, updated_at: after.updatedAt })
    .where("id", "=", before.id)
    .execute();
  return after;
}

/** `by`: whoever runs this process where it is not given. */
export function audit(
  write: Write,
  action: string,
  id: string | null,
  changes: readonly AuditChange[],
  by: string | undefined,
): Promise<void> {
  return appendAudit(write, { actor: by ?? localActor(), action, tenantId: id, changes });
}
