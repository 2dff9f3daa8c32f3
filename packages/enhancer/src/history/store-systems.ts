import { addressKey } from "../context/systems/addresses.ts";
import { assetKey, hostKeys } from "../context/systems/mentions.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { contextChanged } from "./write-terms.ts";

/** A system of an inventory; one at least of the first four is there. */
export interface System {
  ip: string | null;
  cidr: string | null;
  hostname: string;
  assetTag: string;
  role: string;
  client: string;
  location: string;
}

/** What a system is known by within its tenant. */
export function idOf({ ip, cidr, hostname, assetTag }: System): string {
  return ip ?? cidr ?? (hostname === "" ? `asset ${assetTag}` : hostname);
}

export async function upsertSystems(
  database: EnhancerDatabase,
  tenantId: string,
  systems: readonly System[],
  origin: "file" | "desk" = "file",
) {
  const counts = { inserted: 0, updated: 0, unchanged: 0 };
  if (systems.length === 0) return counts;
  await database.transaction().execute(async (transaction) => {
    const rows = systems.map((system) => toRow(tenantId, system, origin));
    const known = await transaction
      .selectFrom("inventory")
      .selectAll()
      .where("tenant_id", "=", tenantId)
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      )
      .execute();
    const byId = new Map(known.map((row) => [row.id, comparable(row)]));
    for (const row of rows) {
      const before = byId.get(row.id);
      if (before === comparable(row)) {
        counts.unchanged++;
        continue;
      }
      counts[before === undefined ? "inserted" : "updated"]++;
      const { tenant_id: _tenant, id: _id, ...values } = row;
      await transaction
        .insertInto("inventory")
        .values(row)
        .onConflict((conflict) => conflict.columns(["tenant_id", "id"]).doUpdateSet(values))
        .execute();
    }
    if (counts.inserted + counts.updated > 0) await contextChanged(transaction, tenantId);
  });
  return counts;
}

function toRow(tenantId: string, system: System, origin: "file" | "desk") {
  const { ip, cidr, hostname, assetTag, role, client, location } = system;
  const { host, short } = hostKeys(hostname);
  return {
    tenant_id: tenantId,
    id: idOf(system),
    ip,
    cidr,
    hostname,
    asset_tag: assetTag,
    role,
    client,
    location,
    origin,
    host_key: host,
    short_key: short,
    asset_key: assetKey(assetTag),
    ip_key: ip === null ? null : addressKey(ip),
  };
}

function comparable(row: object): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
