import { isIP } from "node:net";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Source, Ticket } from "../ticket.ts";
import type { RunStatement } from "./statement.ts";

const addressesAtMost = 50;
/**
 * IPv4 (a label or an IPv4-mapped prefix may stand before, a port after), or what may be IPv6; `isIP` decides.
 * Times and version numbers look alike. A label such as `IPv6:` is told from a group by a letter beyond f.
 */
const addressForms =
  /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?:(?<![\w.:])|(?<=\b\w*[g-zG-Z]\w*:))[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:]|\.\d)/g;

/** IPv4 and IPv6 addresses in a text, in one spelling each, in order of appearance. */
export function addressesIn(text: string): string[] {
  const candidates = text.match(addressForms);
  const addresses = (candidates ?? []).flatMap((candidate) => {
    const address = normalAddress(candidate);
    return address === undefined ? [] : [address];
  });
  return [...new Set(addresses)].slice(0, addressesAtMost);
}

/** One spelling per address: IPv6 lower case and shortened; undefined for what is no address. */
export function normalAddress(text: string): string | undefined {
  const version = isIP(text.trim());
  if (version === 4) return text.trim();
  if (version !== 6) return undefined;
  return new URL(`http://[${text.trim().replace(/%.*$/, "")}]`).hostname.slice(1, -1);
}

/** What the tenant's inventory says of the addresses. */
export async function lookUpSystems(
  database: EnhancerDatabase,
  ticket: Ticket,
  addresses: readonly string[],
  run: RunStatement,
): Promise<Source[]> {
  if (addresses.length === 0) return [];
  const query = database
    .selectFrom("inventory")
    .selectAll()
    .where("tenant_id", "=", ticket.tenantId)
    .where("ip", "in", [...addresses]);
  const rows = await run(database, "inventory", query.compile());
  return rows
    .sort((a, b) => addresses.indexOf(a.ip) - addresses.indexOf(b.ip))
    .map((row) => ({
      kind: "system" as const,
      id: row.ip,
      title: row.hostname === "" ? row.ip : row.hostname,
      excerpt: [row.role, row.client, row.location].filter((part) => part !== "").join(", "),
      score: 1,
      why: `address ${row.ip} in the ticket`,
    }));
}
