import type { Health } from "@throughline/api/health";
import type { Tenant } from "../tenants/tenants.ts";
import type { ServiceDesk } from "./desk.ts";
import { createServiceDeskPlus } from "./servicedesk-plus/adapter.ts";
import { createTokenSource } from "./servicedesk-plus/oauth.ts";
import { type DeskObserver, watchedDesk } from "./watched-desk.ts";
import { createZammad } from "./zammad/adapter.ts";

const keptOpen = 1_000;

/** Desks by tenant: one adapter, with its connections and tokens, for as long as the tenant stays as it is. */
export function deskOpener(watch?: {
  health: Health;
  observe: DeskObserver;
}): (tenant: Tenant) => ServiceDesk {
  const open = new Map<string, { revision: number; createdAt: number; desk: ServiceDesk }>();
  return (tenant) => {
    const { id, revision, createdAt } = tenant;
    const known = open.get(id);
    // A tenant that was removed and added again begins at revision 1.
    if (known?.revision === revision && known.createdAt === createdAt) return known.desk;
    const opened = openDesk(tenant);
    const desk =
      watch === undefined
        ? opened
        : watchedDesk(opened, tenant.settings.desk.kind, watch.health, watch.observe);
    if (open.size >= keptOpen) open.clear();
    open.set(id, { revision, createdAt, desk });
    return desk;
  };
}

/** Each kind of desk: its settings become its adapter. */
export function openDesk({ settings, secrets }: Pick<Tenant, "settings" | "secrets">): ServiceDesk {
  const { desk } = settings;
  const key = secrets.deskKey ?? "";
  switch (desk.kind) {
    case "servicedesk-plus":
      return createServiceDeskPlus({
        baseUrl: desk.url,
        credentials: { kind: "key", key, style: desk.headerStyle },
        portalId: desk.portal ?? undefined,
      });
    case "servicedesk-plus-cloud":
      return createServiceDeskPlus({
        baseUrl: cloudBase(desk.url, desk.portal),
        credentials: {
          kind: "oauth",
          tokens: createTokenSource({
            accountsUrl: desk.accountsUrl,
            clientId: desk.clientId,
            clientSecret: secrets.deskClientSecret ?? "",
            refreshToken: secrets.deskRefreshToken ?? "",
          }),
        },
      });
    case "zammad":
      return createZammad({ baseUrl: desk.url, token: key });
  }
}

/** The cloud serves each portal below `/app/<portal>`; an address that names it already stays. */
function cloudBase(url: string, portal: string | null): string {
  return portal === null || /\/app\/[^/]+/.test(url)
    ? url
    : `${url.replace(/\/+$/, "")}/app/${encodeURIComponent(portal)}`;
}
