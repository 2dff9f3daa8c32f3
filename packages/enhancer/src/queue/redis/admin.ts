import { type JobView, type QueueStatus, ThroughlineError } from "@throughline/api";
import { Job } from "bullmq";
import { randomUUID } from "node:crypto";
import { jobIdOf } from "../job-id.ts";
import { attemptsPerTry, decodeTicket } from "../payload.ts";
import { type JobFilter, type Keep, queueName } from "../queue.ts";
import type { Carrier } from "@throughline/tracing";
import type { RedisClient } from "./clients.ts";
import type { RedisIntake } from "./intake.ts";
import { parseData, viewOf } from "./job-data.ts";
import { runScript } from "./scripts.ts";
import { base, jobKey, type TenantQueues, wakeChannel } from "./tenant-queues.ts";

const tenantsKey = `${base}tenants`;
const jobsKey = `${base}jobs`;
const pruneAtOnce = 500;
/** A retried job waits behind its ticket's other until that ended; nothing waits so long. */
const parkedMs = 365 * 86_400_000;
const setsOf = {
  waiting: ["wait", "prioritized", "delayed"],
  active: ["active"],
  done: ["completed"],
  dead: ["failed"],
} as const;

interface Found {
  tenantId: string;
  ticketId: string;
  job: Job;
  /** As BullMQ calls it. */
  state: string;
}

/** Operations over all tenants' queues. */
export class RedisAdmin {
  private readonly client: RedisClient;
  private readonly queues: TenantQueues;
  private readonly intake: RedisIntake;

  constructor(client: RedisClient, queues: TenantQueues, intake: RedisIntake) {
    this.client = client;
    this.queues = queues;
    this.intake = intake;
  }

  async list(filter: JobFilter): Promise<JobView[]> {
    const found: JobView[] = [];
    for (const ids of await this.candidates(filter)) {
      const jobs = await Promise.all(ids.map((id) => this.find(id)));
      for (const job of jobs) {
        if (job === undefined) continue;
        const view = viewOf(job.tenantId, job.ticketId, job.job, job.state);
        if (filter.state !== undefined && view.state !== filter.state) continue;
        if (filter.tenantId !== undefined && view.tenantId !== filter.tenantId) continue;
        found.push(view);
      }
      if (filter.state === undefined && found.length >= filter.limit) break;
    }
    return found
      .sort((a, b) =>
        a.enqueuedAt === b.enqueuedAt ? a.id.localeCompare(b.id) : b.enqueuedAt.localeCompare(a.enqueuedAt),
      )
      .slice(0, filter.limit);
  }

  async show(jobId: string): Promise<JobView> {
    const { tenantId, ticketId, job, state } = await this.get(jobId);
    return viewOf(tenantId, ticketId, job, state);
  }

  async retry(jobId: string): Promise<JobView> {
    const { tenantId, ticketId, job, state } = await this.get(jobId);
    if (state !== "failed") {
      throw new ThroughlineError(
        "TL_JOB_NOT_RETRYABLE",
        `Job "${jobId}" is ${viewOf(tenantId, ticketId, job, state).state}; only a dead job can be retried.`,
      );
    }
    const now = Date.now();
    const args = [base, tenantId, ticketId, jobId, attemptsPerTry, now, now + parkedMs];
    await runScript(this.client, "tlRevive", [jobKey(tenantId, jobId), ...args]);
    await this.wake();
    return this.show(jobId);
  }

  async discard(jobId: string): Promise<JobView> {
    const { tenantId, ticketId, job, state } = await this.get(jobId);
    const view = viewOf(tenantId, ticketId, job, state);
    if (state === "active" || (await this.queues.backend(tenantId).remove(jobId, false)) !== 1) {
      throw new ThroughlineError(
        "TL_JOB_NOT_DISCARDABLE",
        `Job "${jobId}" is active; wait until it ends, or pause the queue first.`,
      );
    }
    await runScript(this.client, "tlForget", [jobsKey, base, jobId]);
    return view;
  }

  async rerun(jobId: string, { isForced }: { isForced: boolean }): Promise<JobView> {
    const { tenantId, ticketId, job, state } = await this.get(jobId);
    if (state !== "completed" && state !== "failed") {
      throw new ThroughlineError(
        "TL_JOB_NOT_RETRYABLE",
        `Job "${jobId}" is ${viewOf(tenantId, ticketId, job, state).state}; only a job that ended can be run again.`,
      );
    }
    const data = parseData(JSON.stringify(job.data));
    const ticket = decodeTicket(data.version, data.ticket);
    const carrier = { ...(JSON.parse(data.carrier) as Carrier), traceStartMs: Date.now() };
    const id = jobIdOf(tenantId, `rerun ${jobId} ${randomUUID()}`);
    const again = { ...data, carrier: JSON.stringify(carrier), forced: isForced };
    const enqueued = await this.intake.enqueue({ deliveryId: id, ticket, carrier }, { id, data: again });
    return this.show(enqueued.jobId);
  }

  async pause(tenantId?: string): Promise<void> {
    await this.setPaused(tenantId, true);
  }

  /** Time that was spent paused is nobody's slowness: what waited counts from here. */
  async resume(tenantId?: string): Promise<void> {
    await this.setPaused(tenantId, false);
    await this.wake();
  }

  async status(): Promise<QueueStatus> {
    const now = Date.now();
    const [counts, paused, held, pausedTenants] = await Promise.all([
      runScript(this.client, "tlCounts", [tenantsKey, base]) as Promise<number[]>,
      this.client.exists(`${base}paused`),
      this.client.zrangebyscore(`${base}held`, `(${now}`, "+inf", "WITHSCORES"),
      runScript(this.client, "tlPausedTenants", [tenantsKey, base]) as Promise<string[]>,
    ]);
    const [waiting = 0, active = 0, done = 0, dead = 0, oldest = 0] = counts;
    const heldTenants = [];
    for (let at = 0; at < held.length; at += 2)
      heldTenants.push({ tenantId: held[at] ?? "", until: new Date(Number(held[at + 1])).toISOString() });
    return {
      name: queueName,
      paused: paused === 1,
      waiting,
      active,
      done,
      dead,
      oldestWaitingMs: oldest === 0 ? null : Math.max(0, now - oldest),
      pausedTenants: pausedTenants.sort(),
      heldTenants,
    };
  }

  /** Deliveries expire by themselves. */
  async prune({ finishedMs, finishedCount }: Keep): Promise<number> {
    const tenants = await this.client.smembers(tenantsKey);
    const before = Date.now() - finishedMs;
    let removed = 0;
    for (const tenantId of tenants)
      removed += await this.clean(tenantId, () =>
        this.client.zrangebyscore(completedOf(tenantId), 0, `(${before}`, "LIMIT", 0, pruneAtOnce),
      );
    const counts = await Promise.all(tenants.map((tenantId) => this.client.zcard(completedOf(tenantId))));
    let surplus = counts.reduce((sum, count) => sum + count, 0) - finishedCount;
    for (const [at, tenantId] of tenants.entries()) {
      const share = Math.min(surplus, counts[at] ?? 0);
      if (share <= 0) continue;
      let left = share;
      const gone = await this.clean(tenantId, () => {
        const count = Math.min(left, pruneAtOnce);
        left -= count;
        return count === 0
          ? Promise.resolve([])
          : this.client.zrange(completedOf(tenantId), "0", String(count - 1));
      });
      removed += gone;
      surplus -= gone;
    }
    return removed;
  }

  /** Deliveries are known by ids alone here, with no name of a tenant, and expire by themselves. */
  async eraseTenant(tenantId: string): Promise<{ jobs: number; deliveries: number }> {
    const portions = await this.candidates({ tenantId, limit: Number.MAX_SAFE_INTEGER });
    const ids = [...new Set(portions.flat())];
    for (let at = 0; at < ids.length; at += pruneAtOnce)
      await runScript(this.client, "tlForget", [jobsKey, base, ...ids.slice(at, at + pruneAtOnce)]);
    await Promise.all([
      this.client.zrem(`${base}lanes`, tenantId),
      this.client.zrem(`${base}held`, tenantId),
      this.client.hdel(`${base}resumed`, tenantId),
      this.client.srem(tenantsKey, tenantId),
    ]);
    // Whatever BullMQ or we keep for the tenant has its name in the key.
    for (const kind of [`${queueName}.${tenantId}:`, `ticket:${tenantId}:`, `next:${tenantId}:`])
      await removeKeys(this.client, base + kind);
    return { jobs: ids.length, deliveries: 0 };
  }

  private async clean(tenantId: string, next: () => Promise<string[]>): Promise<number> {
    let removed = 0;
    for (;;) {
      const ids = await next();
      if (ids.length === 0) return removed;
      await Promise.all(ids.map((id) => this.queues.backend(tenantId).remove(id, false)));
      await runScript(this.client, "tlForget", [jobsKey, base, ...ids]);
      removed += ids.length;
    }
  }

  /** Ids that may fit the filter, newest first, in portions. */
  private async candidates({ state, tenantId, ticketId, limit }: JobFilter): Promise<string[][]> {
    const tenants = tenantId === undefined ? await this.client.smembers(tenantsKey) : [tenantId];
    if (ticketId !== undefined) {
      const keys = tenants.map((tenant) => `${base}ticket:${tenant}:${ticketId}`);
      return Promise.all(keys.map((key) => this.client.zrevrange(key, 0, limit - 1)));
    }
    if (state === undefined && tenantId === undefined)
      return [await this.client.zrevrange(`${base}recent`, 0, limit - 1)];
    const states = state === undefined ? (Object.keys(setsOf) as (keyof typeof setsOf)[]) : [state];
    const sets = tenants.flatMap((tenant) =>
      states.flatMap((wanted) => setsOf[wanted].map((set) => jobKey(tenant, set))),
    );
    return Promise.all(
      sets.map((key) =>
        key.endsWith(":wait") || key.endsWith(":active")
          ? this.client.lrange(key, 0, limit - 1)
          : this.client.zrevrange(key, 0, limit - 1),
      ),
    );
  }

  private async find(jobId: string): Promise<Found | undefined> {
    const place = await this.client.hget(jobsKey, jobId);
    if (place === null) return undefined;
    const [tenantId = "", ticketId = ""] = place.split("\t");
    const queue = this.queues.of(tenantId);
    const job = await Job.fromId(queue, jobId);
    if (job !== undefined) return { tenantId, ticketId, job, state: await job.getState() };
    // It waits for its ticket's active job to end, before BullMQ makes it.
    const [id, text] = await this.client.hmget(jobKey(tenantId, `dn:${ticketId}`), "jid", "data");
    if (id !== jobId || typeof text !== "string") return undefined;
    const follower = new Job(queue, "", JSON.parse(text), {}, jobId);
    return { tenantId, ticketId, job: follower, state: "waiting" };
  }

  private async get(jobId: string): Promise<Found> {
    const found = await this.find(jobId);
    if (found === undefined) throw new ThroughlineError("TL_JOB_NOT_FOUND", `There is no job "${jobId}".`);
    return found;
  }

  private async setPaused(tenantId: string | undefined, isOn: boolean): Promise<void> {
    const args = [`${base}paused`, base, tenantId ?? "", isOn ? 1 : 0, Date.now()];
    await runScript(this.client, "tlPause", args);
  }

  private async wake(): Promise<void> {
    await this.client.publish(wakeChannel, "");
  }
}

/** Looks on each node of a cluster: the keys are on one of them. */
async function removeKeys(client: RedisClient, prefix: string): Promise<void> {
  const nodes = "nodes" in client ? client.nodes("master") : [client];
  for (const node of nodes) {
    let cursor = "0";
    do {
      const [next, keys] = await node.scan(cursor, "MATCH", `${prefix}*`, "COUNT", pruneAtOnce);
      if (keys.length > 0) await node.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  }
}

function completedOf(tenantId: string): string {
  return jobKey(tenantId, "completed");
}
