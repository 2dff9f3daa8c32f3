import { Queue, type QueueOptions } from "bullmq";
import { mostTakeovers } from "../payload.ts";
import { queueName } from "../queue.ts";
import type { RedisClient } from "./clients.ts";

/** One slot of a cluster for all keys of the queue: what must change together can. */
const prefix = "{throughline}";
export const base = `${prefix}:`;
export const tenantsKey = `${base}tenants`;
export const jobsKey = `${base}jobs`;
export const wakeChannel = `${base}wake`;
export const leaseMs = 30_000;
/** Events are for people who watch with BullMQ's tools; nothing of ours reads them. */
const keptEvents = 1_000;

/** BullMQ's queue of each tenant, all over one connection. */
export class TenantQueues {
  private readonly client: RedisClient;
  private readonly queues = new Map<string, Queue>();
  private readonly onError: (error: Error) => void;

  constructor(client: RedisClient, onError: (error: Error) => void) {
    this.client = client;
    this.onError = onError;
  }

  of(tenantId: string): Queue {
    const known = this.queues.get(tenantId);
    if (known !== undefined) return known;
    const queue = openQueue(`${queueName}.${tenantId}`, this.client, this.onError);
    this.queues.set(tenantId, queue);
    return queue;
  }

  backend(tenantId: string) {
    return this.of(tenantId).getBackend();
  }

  async close(): Promise<void> {
    // The connection is ours and is closed apart; without it there is nothing to wait for.
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
  }
}

export function openQueue(name: string, client: RedisClient, onError: (error: Error) => void): Queue {
  // The last three are read by the operations of BullMQ's worker, which are called one by one here.
  const options = {
    connection: client,
    prefix,
    skipVersionCheck: true,
    streams: { events: { maxLen: keptEvents } },
    lockDuration: leaseMs,
    maxStalledCount: mostTakeovers,
    stalledInterval: 1_000,
  } satisfies QueueOptions & { lockDuration: number; maxStalledCount: number; stalledInterval: number };
  const queue = new Queue(name, options);
  queue.on("error", onError);
  return queue;
}

/** Where a job is in its tenant's queue. */
export function jobKey(tenantId: string, jobId: string): string {
  return `${base}${queueName}.${tenantId}:${jobId}`;
}
