import { z } from "zod";
import { normalAddress } from "../context/inventory.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Importer } from "./import-result.ts";
import { importRows } from "./import-rows.ts";
import { withoutControls } from "./plain-text.ts";

const text = z
  .string()
  .max(500)
  .transform((value) => withoutControls(value).trim())
  .default("");
const system = z.object({
  ip: z.string().transform((value, context): string => {
    const address = normalAddress(value);
    if (address !== undefined) return address;
    context.addIssue({ code: "custom", message: "is no IPv4 or IPv6 address" });
    return z.NEVER;
  }),
  hostname: text,
  role: text,
  client: text,
  location: text,
});
type System = z.infer<typeof system>;

/** Systems from CSV or JSONL: `ip, hostname, role, client, location`. Upsert on tenant and address. Throws as importHistory does. */
export const importInventory: Importer = (...job) =>
  importRows({ schema: system, required: ["ip"], keyOf: ({ ip }) => ip, upsert: upsertSystems }, ...job);

async function upsertSystems(database: EnhancerDatabase, tenantId: string, systems: readonly System[]) {
  const counts = { inserted: 0, updated: 0, unchanged: 0 };
  if (systems.length === 0) return counts;
  await database.transaction().execute(async (transaction) => {
    const ips = systems.map(({ ip }) => ip);
    const known = await transaction
      .selectFrom("inventory")
      .selectAll()
      .where("tenant_id", "=", tenantId)
      .where("ip", "in", ips)
      .execute();
    const byIp = new Map(known.map((row) => [row.ip, JSON.stringify(row)]));
    for (const { ip, hostname, role, client, location } of systems) {
      const row = { tenant_id: tenantId, ip, hostname, role, client, location };
      const before = byIp.get(ip);
      if (before === JSON.stringify(row)) {
        counts.unchanged++;
        continue;
      }
      counts[before === undefined ? "inserted" : "updated"]++;
      await transaction
        .insertInto("inventory")
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(["tenant_id", "ip"]).doUpdateSet({ hostname, role, client, location }),
        )
        .execute();
    }
  });
  return counts;
}
