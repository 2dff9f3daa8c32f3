import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseRedisAddress } from "../../queue/redis/address.ts";
import { connect, disconnect, type RedisClient } from "../../queue/redis/clients.ts";
import { type RateDecision, type RateLimiter, windowMs } from "./rate-limiter.ts";

/**
 * The sliding window as a list of times in microseconds of Redis' own clock, oldest first, so that receivers on several machines count as
 * one whatever their clocks say. Redis runs a script alone: nobody sees a window half changed. `TIME` in a script that writes asks for
 * effects replication, the only one there is since Redis 7 (and Valkey).
 * KEYS[1] the window; ARGV: limit, window in microseconds, window in milliseconds. Answers allowed, remaining, reset in microseconds.
 */
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local newest = tonumber(redis.call('LINDEX', KEYS[1], -1) or '0')
if newest > now then now = newest end
local oldest = tonumber(redis.call('LINDEX', KEYS[1], 0) or '-1')
while oldest >= 0 and oldest <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = tonumber(redis.call('LINDEX', KEYS[1], 0) or '-1')
end
local size = redis.call('LLEN', KEYS[1])
local allowed = 0
if size < limit then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  size = size + 1
  allowed = 1
  if oldest < 0 then oldest = now end
end
local reset = 0
if oldest >= 0 then reset = oldest + window - now end
return {allowed, math.max(0, limit - size), reset}
`;
const scriptHash = createHash("sha1").update(script).digest("hex");

const prefix = "throughline:rate:";

/** For any number of receivers on one Redis. */
export class RedisRateLimiter implements RateLimiter {
  private readonly redis: RedisClient;
  private readonly windowMs: number;

  constructor(redis: RedisClient, ofMs: number = windowMs) {
    this.redis = redis;
    this.windowMs = ofMs;
  }

  async take(key: string, limit: number): Promise<RateDecision> {
    const args = [prefix + key, String(limit), String(this.windowMs * 1_000), String(this.windowMs)];
    const answer = await this.redis.evalsha(scriptHash, 1, ...args).catch((error: unknown) => {
      if (!String(error).includes("NOSCRIPT")) throw error;
      return this.redis.eval(script, 1, ...args);
    });
    if (!Array.isArray(answer)) throw new Error("Redis answered the rate limit's script with no list.");
    const [isAllowed, remaining, resetUs] = answer.map(Number);
    return { isAllowed: isAllowed === 1, remaining: remaining ?? 0, resetMs: (resetUs ?? 0) / 1_000 };
  }

  close(): Promise<void> {
    return disconnect(this.redis);
  }
}

/** How long a start waits for the connection; it goes on without one, and webhooks are answered 503 until it is there. */
const patienceMs = 1_000;

/** On the Redis that holds the queue. */
export async function openRedisRates(
  url: string,
  onError: (error: Error) => void,
): Promise<RedisRateLimiter> {
  const client = connect(parseRedisAddress(url), "producer");
  client.on("error", onError);
  const ready = new Promise<void>((resolve) => client.once("ready", () => resolve()));
  await Promise.race([ready, sleep(patienceMs, undefined, { ref: false })]);
  return new RedisRateLimiter(client);
}
