import type { Tenant } from "../tenants/tenants.ts";
import type { ServiceDesk } from "./desk.ts";
import { createServiceDeskPlus } from "./servicedesk-plus/adapter.ts";

const keptOpen = 1_000;

/** Desks by tenant: one adapter, with its connections and tokens, for as long as the tenant's settings stay as they are. */
export function deskOpener(): (tenant: Tenant) => ServiceDesk {
  const open = new Map<string, { settings: string; desk: ServiceDesk }>();
  return (tenant) => {
    const { url } = tenant.settings.desk;
    const key = tenant.secrets.deskKey ?? "";
    const settings = `${url}\n${key}`;
    const known = open.get(tenant.id);
    if (known?.settings === settings) return known.desk;
    const desk = createServiceDeskPlus({
      baseUrl: url,
      credentials: { kind: "key", key, style: "both" },
    });
    if (open.size >= keptOpen) open.clear();
    open.set(tenant.id, { settings, desk });
    return desk;
  };
}
