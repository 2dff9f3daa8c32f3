import type { StorageChange } from "@throughline/traces";
import type { LazyStore } from "./lazy-store.ts";

type Fields = Readonly<Record<string, string | number>>;

/** Writes what people do at the console's address into the audit log of the data directory. */
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
