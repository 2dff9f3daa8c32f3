import { join } from "node:path";
import { type EnhancerDatabase, openDatabase } from "./database.ts";
import { SqliteQueue } from "./queue/sqlite-queue.ts";
import { Tenants } from "./tenants/tenants.ts";
import { openVault } from "./tenants/vault.ts";

/** The enhancer's state in a data directory: shared by its roles and by the commands, in any number of processes. */
export interface EnhancerStore {
  database: EnhancerDatabase;
  tenants: Tenants;
  queue: SqliteQueue;
  close(): Promise<void>;
}

/** Opens `throughline.db` and `tenants.key` in a directory that exists. Throws TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN. */
export function openEnhancerStore(
  dataDirectory: string,
  options: { busyTimeoutMs?: number } = {},
): EnhancerStore {
  const vault = openVault(join(dataDirectory, "tenants.key"));
  const database = openDatabase(join(dataDirectory, "throughline.db"), options);
  return {
    database,
    tenants: new Tenants(database, vault),
    queue: new SqliteQueue(database),
    close: () => database.destroy(),
  };
}
