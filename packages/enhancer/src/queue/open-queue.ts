import type { Logger } from "pino";
import { join } from "node:path";
import type { ConcurrencyOf, JobQueue, Keep } from "./queue.ts";
import { parseRedisAddress } from "./redis/address.ts";
import { QueueConnection } from "./sqlite/connection.ts";
import { SqliteQueue } from "./sqlite/sqlite-queue.ts";

const dayMs = 86_400_000;

export interface QueueSettings {
  keep: Keep;
  /** Jobs of one tenant at once, in all processes together, where the tenant has no limit of its own. */
  tenantConcurrency: number;
}

export const queueDefaults: QueueSettings = {
  keep: { finishedMs: 7 * dayMs, finishedCount: 100_000, deliveriesMs: 7 * dayMs },
  tenantConcurrency: 64,
};

interface QueueDependencies {
  dataDirectory: string;
  /** To the data file, where business data is kept there too. */
  connection: QueueConnection | undefined;
  concurrencyOf: ConcurrencyOf;
  logger?: Logger | undefined;
}

export type OpenQueue = (deps: QueueDependencies) => JobQueue;

/** The queue in the data directory's own file. */
export function sqliteQueue({ keep }: Pick<QueueSettings, "keep">): OpenQueue {
  return ({ dataDirectory, connection, concurrencyOf }) =>
    new SqliteQueue({
      connection: connection ?? new QueueConnection(join(dataDirectory, "throughline.db")),
      wakeFile: join(dataDirectory, "queue.wake"),
      concurrencyOf,
      keep,
    });
}

/** The queue on Redis; its libraries are loaded only where it is used. */
export async function redisQueue(url: string, { keep }: Pick<QueueSettings, "keep">): Promise<OpenQueue> {
  const address = parseRedisAddress(url);
  const { RedisQueue } = await import("./redis/redis-queue.ts");
  return ({ concurrencyOf, logger }) => new RedisQueue({ address, concurrencyOf, keep, logger });
}
