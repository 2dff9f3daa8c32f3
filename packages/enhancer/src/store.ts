import { join } from "node:path";
import { ContextSearch } from "./context/context-search.ts";
import { openDatabase } from "./database/open.ts";
import type { EnhancerDatabase } from "./database/schema.ts";
import type { SqliteOptions } from "./database/sqlite.ts";
import type { JobQueue } from "./queue/queue.ts";
import { SqliteQueue } from "./queue/sqlite/sqlite-queue.ts";
import { EnhancementRecords } from "./records/enhancements.ts";
import { Feedback } from "./records/feedback.ts";
import { NoteSwitch } from "./records/note-switch.ts";
import { Spending } from "./records/spending.ts";
import { Tenants } from "./tenants/tenants.ts";
import { openVault } from "./tenants/vault.ts";

/** Jobs of one tenant at once, in all processes together. */
const defaultTenantConcurrency = 64;

/** The enhancer's state: shared by its roles and by the commands, in any number of processes. */
export interface EnhancerStore {
  /** Business data. */
  database: EnhancerDatabase;
  /** Reads business data in threads of its own, which start with the first search. */
  context: ContextSearch;
  tenants: Tenants;
  queue: JobQueue;
  records: EnhancementRecords;
  feedback: Feedback;
  spending: Spending;
  noteSwitch: NoteSwitch;
  close(): Promise<void>;
}

export interface StoreOptions extends SqliteOptions {
  /** Where business data is kept in place of `throughline.db`. It may be down: statements throw TL_DATABASE_UNAVAILABLE until it is up. */
  postgres?: string;
}

/** Opens `throughline.db` and `tenants.key` in a directory that exists. Throws TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN. */
export function openEnhancerStore(dataDirectory: string, options: StoreOptions = {}): EnhancerStore {
  const vault = openVault(join(dataDirectory, "tenants.key"));
  const file = join(dataDirectory, "throughline.db");
  const queue = new SqliteQueue({
    file,
    wakeFile: join(dataDirectory, "queue.wake"),
    concurrencyOf: () => Promise.resolve(defaultTenantConcurrency),
  });
  const location = options.postgres === undefined ? { file } : { postgres: options.postgres };
  const database = openDatabase(location, options);
  const records = new EnhancementRecords(database);
  const context = new ContextSearch(database, location);
  return {
    database,
    context,
    records,
    feedback: new Feedback(database, records, vault.derive("throughline feedback links")),
    spending: new Spending(database),
    noteSwitch: new NoteSwitch(database),
    tenants: new Tenants(database, vault),
    queue,
    close: async () => {
      await context.close();
      await database.destroy();
      await queue.close();
    },
  };
}
