import { sql, type Transaction } from "kysely";
import { createHash } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { BusinessTables, EnhancerDatabase } from "../database/schema.ts";

/** What was done, as `throughline audit list` shows it. */
export interface AuditEntry {
  seq: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** `user@host` of a command, a token's name and id, or the process itself. */
  actor: string;
  action: string;
  tenantId: string | null;
  changes: readonly AuditChange[];
  hash: string;
}

/** A field and its values. A secret's values are not there. */
export interface AuditChange {
  field: string;
  old?: unknown;
  new?: unknown;
}

export interface NewAuditEntry {
  actor: string;
  action: string;
  tenantId: string | null;
  changes: readonly AuditChange[];
}

const beforeFirst = "0".repeat(64);
const pageRows = 1_000;

/** Whoever runs this process. */
export function localActor(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** To be called in the transaction of the change, which holds the lock of `tenants_revision`: entries have no gap and no fork. */
export async function appendAudit(
  transaction: Transaction<BusinessTables>,
  { actor, action, tenantId, changes }: NewAuditEntry,
): Promise<void> {
  const last = await transaction
    .selectFrom("audit_log")
    .select(["seq", "hash"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const row = {
    seq: (last?.seq ?? 0) + 1,
    at: Date.now(),
    actor,
    action,
    tenant_id: tenantId,
    changes: JSON.stringify(changes),
    previous_hash: last?.hash ?? beforeFirst,
  };
  await transaction
    .insertInto("audit_log")
    .values({ ...row, hash: hashOf(row) })
    .execute();
}

/** An entry for what is not a change of the tenants' rows, in a transaction of its own; by whoever runs this process unless said otherwise. */
export async function recordAudit(
  database: EnhancerDatabase,
  { actor = localActor(), ...entry }: Omit<NewAuditEntry, "actor"> & { actor?: string },
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    // The lock of all entries; the revision stays, since no tenant changed.
    await transaction
      .updateTable("tenants_revision")
      .set({ revision: sql`revision` })
      .execute();
    await appendAudit(transaction, { actor, ...entry });
  });
}

/** Newest first. `before`: the sequence number that the page ends under. */
export async function listAudit(
  database: EnhancerDatabase,
  filter: {
    tenantId?: string | undefined;
    since?: number | undefined;
    before?: number | undefined;
    limit: number;
  },
): Promise<AuditEntry[]> {
  let query = database.selectFrom("audit_log").selectAll().orderBy("seq", "desc").limit(filter.limit);
  if (filter.tenantId !== undefined) query = query.where("tenant_id", "=", filter.tenantId);
  if (filter.since !== undefined) query = query.where("at", ">=", filter.since);
  if (filter.before !== undefined) query = query.where("seq", "<", filter.before);
  return (await query.execute()).map(entryOf);
}

/** Goes through all entries: `brokenAt` is the first that is missing or was changed; `head` the newest one's hash. */
export async function verifyAudit(
  database: EnhancerDatabase,
): Promise<{ entries: number; head: string; brokenAt: number | null }> {
  let [seq, hash] = [0, beforeFirst];
  for (;;) {
    const rows = await database
      .selectFrom("audit_log")
      .selectAll()
      .where("seq", ">", seq)
      .orderBy("seq")
      .limit(pageRows)
      .execute();
    for (const row of rows) {
      const isNext = row.seq === seq + 1 && row.previous_hash === hash && row.hash === hashOf(row);
      if (!isNext) return { entries: seq, head: hash, brokenAt: seq + 1 };
      [seq, hash] = [row.seq, row.hash];
    }
    if (rows.length < pageRows) return { entries: seq, head: hash, brokenAt: null };
  }
}

function entryOf(row: BusinessTables["audit_log"]): AuditEntry {
  return {
    seq: row.seq,
    at: row.at,
    actor: row.actor,
    action: row.action,
    tenantId: row.tenant_id,
    changes: JSON.parse(row.changes) as AuditChange[],
    hash: row.hash,
  };
}

function hashOf(row: Omit<BusinessTables["audit_log"], "hash">): string {
  const { seq, at, actor, action, tenant_id: tenantId, changes, previous_hash: previous } = row;
  const covered = JSON.stringify([seq, at, actor, action, tenantId, changes, previous]);
  return createHash("sha256").update(covered).digest("hex");
}
