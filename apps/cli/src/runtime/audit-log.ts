import type { AdminPrincipal } from "@throughline/api/admin";
import type { StorageChange } from "@throughline/traces";
import type { LazyStore } from "./lazy-store.ts";

type Fields = Readonly<Record<string, string | number>>;

/** What changes storage at the admin address, as commands call it. */
const adminActions: Readonly<Record<string, string>> = {
  "/api/storage/pin": "trace.pinned",
  "/api/storage/unpin": "trace.unpinned",
  "/api/storage/erase": "traces.erased",
  "/api/storage/clean": "traces.cleaned",
};

/** Writes what people do at the console's and the admin address into the audit log of the data directory. */
export class AuditLog {
  private readonly store: LazyStore;

  constructor(store: LazyStore) {
    this.store = store;
  }

  /** Of somebody's login and sessions, which belong to no tenant. */
  readonly login = (actor: string, action: string, fields: Fields): Promise<void> =>
    this.record(actor, action, null, fields);

  readonly storageChange = async ({ by, action, tenant, fields }: StorageChange): Promise<void> => {
    const { actorOf } = await import("@throughline/enhancer");
    // Where nobody is asked who it is, as the operations on tickets name it.
    const actor = by.id === "" ? "console" : actorOf(by);
    await this.record(actor, action, tenant ?? null, fields);
  };

  readonly adminChange = async (by: AdminPrincipal, path: string, body: unknown): Promise<void> => {
    const action = adminActions[path];
    // Of this instance's own token are the commands, which say themselves who runs them.
    if (action === undefined || by.id === "" || typeof body !== "object" || body === null) return;
    const { actorOf } = await import("@throughline/enhancer");
    const fields = Object.entries(body).filter(
      (entry): entry is [string, string | number] =>
        typeof entry[1] === "string" || typeof entry[1] === "number",
    );
    const tenant = fields.find(([field]) => field === "tenant")?.[1];
    const own = typeof tenant === "string" ? tenant : null;
    await this.record(actorOf(by), action, own, Object.fromEntries(fields));
  };

  private async record(
    actor: string,
    action: string,
    tenantId: string | null,
    fields: Fields,
  ): Promise<void> {
    const { recordAudit } = await import("@throughline/enhancer");
    const changes = Object.entries(fields).map(([field, value]) => ({ field, new: value }));
    await recordAudit((await this.store.open()).database, { actor, action, tenantId, changes });
  }
}
