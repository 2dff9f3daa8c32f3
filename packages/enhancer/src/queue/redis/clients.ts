import { Cluster, type ClusterNode, Redis, type RedisOptions } from "ioredis";
import type { RedisAddress } from "./address.ts";

export type RedisClient = Redis | Cluster;

const connectTimeoutMs = 5_000;
/** A producer that is not answered so long refuses the webhook; its sender comes again. */
export const producerTimeoutMs = 3_000;
const longestReconnectMs = 1_000;

/**
 * `producer` fails at once while Redis is away: a webhook is then answered 503. `worker` waits and goes on when it is back.
 * `listener` only hears messages.
 */
export type ClientUse = "producer" | "worker" | "listener";

/** A connection that is being made; commands of workers wait for it, those of producers fail until it is there. */
export function connect(address: RedisAddress, use: ClientUse): RedisClient {
  const options = {
    username: address.username,
    password: address.password,
    ...(address.tls ? { tls: {} } : {}),
    connectTimeout: connectTimeoutMs,
    connectionName: `throughline-${use}`,
    maxRetriesPerRequest: use === "producer" ? 0 : null,
    enableOfflineQueue: use !== "producer",
    retryStrategy: (times: number) => Math.min(longestReconnectMs, 50 * 2 ** Math.min(times, 6)),
    // A replica that became one a moment ago (Sentinel) or a node that loads its file: another connection finds the right one.
    reconnectOnError: (error: Error) => (/^(READONLY|MASTERDOWN)/.test(error.message) ? 2 : false),
    ...(use === "producer" ? { commandTimeout: producerTimeoutMs } : {}),
  } satisfies RedisOptions;
  const [first] = address.nodes;
  switch (address.kind) {
    case "single":
      return new Redis({ ...options, ...first, db: address.db });
    case "sentinel":
      return new Redis({
        ...options,
        db: address.db,
        sentinels: [...address.nodes],
        name: address.master ?? "",
        sentinelRetryStrategy: options.retryStrategy,
        ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
        ...(address.tls ? { enableTLSForSentinelMode: true } : {}),
      });
    case "cluster":
      return new Cluster([...address.nodes] satisfies ClusterNode[], {
        redisOptions: options,
        enableOfflineQueue: options.enableOfflineQueue,
        clusterRetryStrategy: options.retryStrategy,
        slotsRefreshTimeout: connectTimeoutMs,
      });
  }
}

/** Ends a connection politely, but not at any price; `before` is what still uses it. */
export async function disconnect(
  client: RedisClient,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 500);
  });
  const polite = async () => {
    await before();
    await client.quit();
  };
  // Without a connection BullMQ's `close` waits for one.
  if (isReady(client)) await Promise.race([polite().catch(() => undefined), late]);
  clearTimeout(timer);
  client.disconnect();
}

export function isReady(client: RedisClient): boolean {
  return client.status === "ready";
}
