import type { Logger } from "pino";
import { join } from "node:path";
import { ContextSearch } from "./context/context-search.ts";
import { checkLocation } from "./database/location-marker.ts";
import { openDatabase } from "./database/open.ts";
import type { EnhancerDatabase } from "./database/schema.ts";
import type { SqliteOptions } from "./database/sqlite.ts";
import {
  type OpenQueue,
  queueDefaults,
  type QueueSettings,
  redisQueue,
  sqliteQueue,
} from "./queue/open-queue.ts";
import type { JobQueue } from "./queue/queue.ts";
import { QueueConnection } from "./queue/sqlite/connection.ts";
import { EnhancementRecords } from "./records/enhancements.ts";
import { Feedback } from "./records/feedback.ts";
import { NoteSwitch } from "./records/note-switch.ts";
import { Spending } from "./records/spending.ts";
import { Tenants } from "./tenants/tenants.ts";
import { envelopeKeys, linkKey } from "./tenants/envelope-keys.ts";
import { SealedSecrets } from "./tenants/sealed-secrets.ts";

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
  /** Where jobs are kept in place of `throughline.db`. */
  openQueue?: OpenQueue | undefined;
  tenantConcurrency?: number;
  /** Keys that tenants' secrets are sealed under in place of `tenants.key`: the first seals, all open. */
  tenantsKeys?: readonly Buffer[];
  logger?: Logger;
}

/** As `openEnhancerStore`, with the queue on Redis where it is to be there. Throws TL_SETTING_INVALID for an address that cannot be read. */
export async function openStore(
  dataDirectory: string,
  { redis, postgres, queue = queueDefaults, ...rest }: QueuedStoreOptions,
): Promise<EnhancerStore> {
  return openEnhancerStore(dataDirectory, {
    ...rest,
    ...(postgres === undefined ? {} : { postgres }),
    openQueue: redis === undefined ? sqliteQueue(queue) : await redisQueue(redis, queue),
    tenantConcurrency: queue.tenantConcurrency,
  });
}

export interface QueuedStoreOptions extends SqliteOptions {
  postgres: string | undefined;
  /** `redis://`, `redis+sentinel://` or `redis+cluster://` URL. */
  redis: string | undefined;
  queue?: QueueSettings;
  /** Keys that tenants' secrets are sealed under in place of `tenants.key`: the first seals, all open. */
  tenantsKeys?: readonly Buffer[];
  logger?: Logger;
}

/** Opens `throughline.db` and `tenants.key` in a directory that exists. Throws TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN, TL_SETTING_INVALID. */
export function openEnhancerStore(dataDirectory: string, options: StoreOptions = {}): EnhancerStore {
  checkLocation(dataDirectory, options.postgres);
  const keys = envelopeKeys(join(dataDirectory, "tenants.key"), options.tenantsKeys);
  const file = join(dataDirectory, "throughline.db");
  const location = options.postgres === undefined ? { file } : { postgres: options.postgres };
  const database = openDatabase(location, options);
  const tenants = new Tenants(database, new SealedSecrets(keys));
  const { openQueue = sqliteQueue(queueDefaults), tenantConcurrency = queueDefaults.tenantConcurrency } =
    options;
  const direct = options.postgres === undefined ? new QueueConnection(file) : undefined;
  const queue = openQueue({
    dataDirectory,
    connection: direct,
    logger: options.logger,
    concurrencyOf: async (tenantId) =>
      (await tenants.find(tenantId))?.settings.concurrency ?? tenantConcurrency,
  });
  const records = new EnhancementRecords(
    database,
    direct && { statements: direct, holdQueue: queue.system === "sqlite" },
  );
  const context = new ContextSearch(database, location, direct);
  return {
    database,
    context,
    records,
    feedback: new Feedback(database, records, linkKey(join(dataDirectory, "links.key"))),
    spending: new Spending(database),
    noteSwitch: new NoteSwitch(database, direct),
    tenants,
    queue,
    close: async () => {
      await context.close();
      await queue.close();
      await direct?.close();
      await database.destroy();
    },
  };
}
