import type { Redis } from "ioredis";
import { hostname } from "node:os";
import { vi } from "vitest";
import { keptInTests, newJob, type QueueUnderTest } from "../packages/enhancer/src/queue/contract/harness.ts";
import type { JobQueue } from "../packages/enhancer/src/queue/queue.ts";
import { parseRedisAddress } from "../packages/enhancer/src/queue/redis/address.ts";
import { connect, disconnect } from "../packages/enhancer/src/queue/redis/clients.ts";
import { RedisQueue } from "../packages/enhancer/src/queue/redis/redis-queue.ts";

/** Empty queues on a Redis that runs. `direct` are connections to each node that holds keys. */
export async function redisUnderTest(url: string, direct: readonly Redis[]): Promise<QueueUnderTest> {
  for (const node of direct) await node.flushall();
  const limits = new Map<string, number>();
  const opened: RedisQueue[] = [];
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const open = (): JobQueue => {
    const queue = new RedisQueue({
      address: parseRedisAddress(url),
      concurrencyOf: (tenantId) => Promise.resolve(limits.get(tenantId) ?? 1_000),
      keep: keptInTests,
    });
    opened.push(queue);
    return queue;
  };
  return {
    open,
    passTime: async (ms) => {
      vi.setSystemTime(Date.now() + ms);
      for (const node of direct) await agedBy(node, ms);
    },
    setConcurrency: (tenantId, limit) => limits.set(tenantId, limit),
    storeForeign: async (id, version) => {
      const { ticket, carrier } = newJob(id);
      const node = connect(parseRedisAddress(url), "worker");
      // As BullMQ stores a job.
      const data = { version, ticket: JSON.stringify(ticket), carrier: JSON.stringify(carrier) };
      const fields = {
        name: "ticket",
        data: JSON.stringify(data),
        opts: "{}",
        timestamp: "1",
        delay: "0",
        priority: "1",
      };
      await node.hset(`{throughline}:enhancements.acme:${id}`, fields);
      await node.zadd("{throughline}:enhancements.acme:prioritized", 1, id);
      await node.zadd("{throughline}:lanes", 0, "acme");
      await node.sadd("{throughline}:tenants", "acme");
      await node.hset("{throughline}:jobs", id, `acme\t${id}`);
      await disconnect(node);
    },
    killOwner: async () => {
      // Above the largest process id that Linux gives.
      const gone = `${hostname()}:${2 ** 22 + 1}:gone:1`;
      for (const node of direct)
        for (const key of await node.keys("*:lock")) await node.set(key, gone, "KEEPTTL");
    },
    close: async () => {
      vi.useRealTimers();
      await Promise.all(opened.map((queue) => queue.close()));
    },
  };
}

/** What expires in Redis does so by Redis' clock: every time to live gets shorter, and what has none left goes. */
async function agedBy(node: Redis, ms: number): Promise<void> {
  for (const key of await node.keys("*")) {
    const left = await node.pttl(key);
    if (left < 0) continue;
    if (left <= ms) await node.del(key);
    else await node.pexpire(key, left - ms);
  }
}
