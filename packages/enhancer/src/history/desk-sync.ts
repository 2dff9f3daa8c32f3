import { sql } from "kysely";
import { setImmediate } from "node:timers/promises";
import { normalAddress } from "../context/systems/addresses.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { DeskAsset, DeskLibrary, DeskSolution } from "../desk/desk.ts";
import { normalLabels } from "./labels.ts";
import { withoutControls } from "./plain-text.ts";
import { cutIntoSections } from "./sections.ts";
import { replaceDocument } from "./store-document.ts";
import { idOf, type System, upsertSystems } from "./store-systems.ts";
import { contextChanged } from "./write-terms.ts";

/** Where a solution stands among the tenant's documents. */
const folder = "solutions/";
const fieldLimit = 500;
const rowsPerStatement = 500;

export interface DeskSyncReport {
  solutions: Changes;
  assets: Changes;
}

interface Changes {
  read: number;
  changed: number;
  removed: number;
}

/**
 * Makes the tenant's documents and inventory equal to what the desk knows: what changed is written, what is gone there goes here,
 * and nothing goes unless the desk was read to its end. Imported folders and files are left alone; an imported system beats an
 * asset of the same address. Throws DeskError.
 */
export async function syncDesk(
  database: EnhancerDatabase,
  tenantId: string,
  library: DeskLibrary,
  signal: AbortSignal,
): Promise<DeskSyncReport> {
  return {
    solutions: await syncSolutions(database, tenantId, library, signal),
    assets: await syncAssets(database, tenantId, library, signal),
  };
}

async function syncSolutions(
  database: EnhancerDatabase,
  tenantId: string,
  library: DeskLibrary,
  signal: AbortSignal,
): Promise<Changes> {
  const seen = new Set<string>();
  let changed = 0;
  for await (const page of library.solutions(signal)) {
    for (const solution of page) {
      const path = `${folder}${solution.id}`;
      seen.add(path);
      const sections = cutIntoSections("solution.html", solution.html, solution.title).map((section) => ({
        ...section,
        title: section.title === solution.title ? section.title : `${solution.title} > ${section.title}`,
      }));
      const stored = { path, origin: "desk" as const, labels: labelsOf(solution), sections };
      if ((await replaceDocument(database, tenantId, stored)) !== "unchanged") changed++;
      // A page of long articles is cut and indexed on the thread that takes webhooks: it gets its turns.
      await setImmediate();
    }
  }
  return {
    read: seen.size,
    changed,
    removed: await removeGone(database, tenantId, "documents", "path", seen),
  };
}

function labelsOf({ topic, keywords, isPublic }: DeskSolution): string[] {
  return normalLabels([
    ...(topic === undefined ? [] : [`topic:${topic}`]),
    ...keywords,
    ...(isPublic === false ? ["internal"] : []),
  ]);
}

async function syncAssets(
  database: EnhancerDatabase,
  tenantId: string,
  library: DeskLibrary,
  signal: AbortSignal,
): Promise<Changes> {
  const seen = new Set<string>();
  let changed = 0;
  for await (const page of library.assets(signal)) {
    const systems = new Map(page.flatMap(systemsOf).map((system) => [idOf(system), system]));
    if (systems.size === 0) continue;
    const imported = await database
      .selectFrom("inventory")
      .select("id")
      .where("tenant_id", "=", tenantId)
      .where("origin", "=", "file")
      .where("id", "in", [...systems.keys()])
      .execute();
    for (const { id } of imported) systems.delete(id);
    for (const id of systems.keys()) seen.add(id);
    const counts = await upsertSystems(database, tenantId, [...systems.values()], "desk");
    changed += counts.inserted + counts.updated;
  }
  return { read: seen.size, changed, removed: await removeGone(database, tenantId, "inventory", "id", seen) };
}

/** One for each of its addresses; an asset without one is known by its name. */
function systemsOf(asset: DeskAsset): System[] {
  const field = (text: string) => withoutControls(text).trim().slice(0, fieldLimit);
  const common = {
    cidr: null,
    hostname: field(asset.name),
    assetTag: field(asset.tag ?? ""),
    role: field(asset.role),
    client: field(asset.client),
    location: field(asset.location),
  };
  const addresses = asset.addresses.flatMap((address) => normalAddress(address) ?? []);
  if (addresses.length > 0) return addresses.map((ip) => ({ ...common, ip }));
  return common.hostname === "" && common.assetTag === "" ? [] : [{ ...common, ip: null }];
}

/** Deletes what came from the desk and was not seen there any more. Returns how much went. */
async function removeGone(
  database: EnhancerDatabase,
  tenantId: string,
  table: "documents" | "inventory",
  name: "path" | "id",
  seen: ReadonlySet<string>,
): Promise<number> {
  const column = sql.ref<string>(name);
  const { rows } = await sql<{ name: string }>`
    select distinct ${column} as name from ${sql.table(table)} where tenant_id = ${tenantId} and origin = 'desk'`.execute(
    database,
  );
  const gone = rows.map((row) => row.name).filter((one) => !seen.has(one));
  for (let at = 0; at < gone.length; at += rowsPerStatement) {
    const part = sql.join(gone.slice(at, at + rowsPerStatement));
    await database.transaction().execute(async (transaction) => {
      await sql`
        delete from ${sql.table(table)} where tenant_id = ${tenantId} and origin = 'desk' and ${column} in (${part})`.execute(
        transaction,
      );
      await contextChanged(transaction, tenantId);
    });
  }
  return gone.length;
}

/**
 * Whether the tenant's desk is to be read now: true for one of all processes that ask, once in `everyMs`. A tenant that nothing
 * was imported for yet gets a row that says so: version 0.
 */
export async function claimDeskSync(
  database: EnhancerDatabase,
  tenantId: string,
  everyMs: number,
): Promise<boolean> {
  const now = Date.now();
  await database
    .insertInto("context_state")
    .values({ tenant_id: tenantId, version: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { numUpdatedRows } = await database
    .updateTable("context_state")
    .set({ desk_synced_at: now })
    .where("tenant_id", "=", tenantId)
    .where((eb) => eb.or([eb("desk_synced_at", "is", null), eb("desk_synced_at", "<=", now - everyMs)]))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** What went wrong last, or null; a reading that failed is tried again after `retryMs`. */
export async function endDeskSync(
  database: EnhancerDatabase,
  tenantId: string,
  error: string | null,
  retryMs: number,
): Promise<void> {
  await database
    .updateTable("context_state")
    .set({
      desk_sync_error: error,
      ...(error === null ? {} : { desk_synced_at: sql<number>`desk_synced_at - ${retryMs}` }),
    })
    .where("tenant_id", "=", tenantId)
    .execute();
}
