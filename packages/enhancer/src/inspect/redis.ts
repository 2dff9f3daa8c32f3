import { Cluster, type Redis } from "ioredis";
import { parseRedisAddress } from "../queue/redis/address.ts";
import { type RedisSetting, redisSettings } from "../queue/redis/check-settings.ts";
import { connect, disconnect } from "../queue/redis/clients.ts";

/** What an operator should know of a Redis that holds jobs. */
export interface RedisFacts {
  /** `redis://host:port`, without credentials. */
  address: string;
  version: string;
  /** `valkey` or `redis` */
  server: string;
  usedBytes: number;
  /** 0: no limit. */
  maxBytes: number;
  role: string;
  /** How far this machine's clock is ahead of the server's, milliseconds. */
  clockAheadMs: number;
  settings: readonly RedisSetting[];
}

/** Read-only. Throws TL_SETTING_INVALID for an address that cannot be read, and what the connection failed at. */
export async function inspectRedis(url: string, timeoutMs: number): Promise<RedisFacts> {
  const address = parseRedisAddress(url);
  const client = connect(address, "worker");
  let failure: Error | undefined;
  client.on("error", (error: Error) => (failure = error));
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await Promise.race([
      read(),
      new Promise<never>((_, reject) => {
        const tell = () =>
          reject(new Error(`${address.shown} does not answer (${failure?.message ?? "in time"})`));
        late.addEventListener("abort", tell, { once: true });
      }),
    ]);
  } finally {
    await disconnect(client);
  }

  async function read(): Promise<RedisFacts> {
    // The first answer comes after the connection: only the second tells how long an answer takes.
    await client.time();
    const started = Date.now();
    const [seconds, micros] = await client.time();
    const clockAheadMs = (started + Date.now()) / 2 - (Number(seconds) * 1_000 + Number(micros) / 1_000);
    const node: Redis | undefined = client instanceof Cluster ? client.nodes("master")[0] : client;
    const info = new Map<string, string>();
    for (const line of ((await node?.info()) ?? "").split("\r\n")) {
      const at = line.indexOf(":");
      if (at > 0) info.set(line.slice(0, at), line.slice(at + 1));
    }
    return {
      address: address.shown,
      version: info.get("valkey_version") ?? info.get("redis_version") ?? "unknown",
      server: info.has("valkey_version") ? "valkey" : "redis",
      usedBytes: Number(info.get("used_memory") ?? 0),
      maxBytes: Number(info.get("maxmemory") ?? 0),
      role: info.get("role") ?? "unknown",
      clockAheadMs,
      settings: await redisSettings(client),
    };
  }
}
