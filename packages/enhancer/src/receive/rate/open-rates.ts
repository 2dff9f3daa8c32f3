import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Receivers that share a queue on Redis share their limits there; one on its own counts in memory. */
export async function openRates(redis: string | undefined): Promise<RateLimiter> {
  if (redis === undefined) return new MemoryRateLimiter();
  const { openRedisRates } = await import("./redis-rate-limiter.ts");
  // What a lost connection means is told by the queue, on the same Redis; here each request is answered for itself.
  return openRedisRates(redis, () => undefined);
}
