import { openDesk } from "../desk/open-desk.ts";
import type { Tenant } from "../tenants/tenants.ts";

/** Asks a tenant's desk for something that changes nothing, with the tenant's own credentials. Throws DeskError in words for people. */
export async function probeDesk(tenant: Tenant, signal: AbortSignal): Promise<void> {
  await openDesk(tenant).ping(signal);
}
