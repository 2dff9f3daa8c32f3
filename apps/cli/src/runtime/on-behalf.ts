import { ThroughlineError } from "@throughline/api";
import type { Principal } from "@throughline/traces";
import { z } from "zod";

/** Sent by a trace backend that passes on what somebody asks its console for. */
export const onBehalfHeader = "throughline-on-behalf-of";

const schema = z.object({
  name: z.string().min(1).max(200),
  scopes: z.array(z.enum(["read", "write", "admin"])).max(3),
  tenant: z.string().min(1).max(100).nullable(),
  /** Whether it is somebody who is logged in, not a token. */
  isPerson: z.boolean(),
});
type Asker = Pick<Principal, "id" | "name" | "tenant" | "scopes">;

export function onBehalfValue({ id, name, scopes, tenant }: Asker): string {
  const told = {
    name,
    scopes: scopes.filter((one) => one !== "ingest"),
    tenant: tenant ?? null,
    isPerson: isPersonId(id),
  };
  return encodeURIComponent(JSON.stringify(told));
}

/**
 * The sender, with no more than the asker has: a header takes rights away and gives none. Throws TL_PARAMETER_INVALID,
 * TL_TOKEN_TENANT where the two belong to different tenants.
 */
export function onBehalf(sender: Asker, header: string | string[] | undefined): Asker {
  if (header === undefined) return sender;
  const asker = schema.safeParse(parse(String(header)));
  if (!asker.success)
    throw new ThroughlineError("TL_PARAMETER_INVALID", `The header ${onBehalfHeader} cannot be read.`);
  const { name, scopes, tenant, isPerson } = asker.data;
  if (sender.tenant !== undefined && tenant !== null && tenant !== sender.tenant)
    throw new ThroughlineError("TL_TOKEN_TENANT", `The token belongs to the tenant ${sender.tenant}.`);
  return {
    id: isPerson ? personId(name) : sender.id,
    name: `${name} through ${sender.name}`,
    tenant: sender.tenant ?? tenant ?? undefined,
    scopes: scopes.filter((one) => holds(sender.scopes, one)),
  };
}

/** The id of a principal who is somebody that logged in. */
export function personId(name: string): string {
  return `user:${name}`;
}

export function isPersonId(id: string): boolean {
  return id.startsWith("user:");
}

/** Whether scopes hold another: `admin` holds all, `write` holds `read`. */
function holds(scopes: Asker["scopes"], wanted: "read" | "write" | "admin"): boolean {
  if (scopes.includes("admin") || scopes.includes(wanted)) return true;
  return wanted === "read" && scopes.includes("write");
}

function parse(header: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch (cause) {
    throw new ThroughlineError("TL_PARAMETER_INVALID", `The header ${onBehalfHeader} cannot be read.`, {
      cause,
    });
  }
}
