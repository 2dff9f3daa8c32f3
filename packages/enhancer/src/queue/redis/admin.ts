import { type JobView, type QueueStatus, ThroughlineError } from "@throughline/api";
import { randomUUID } from "node:crypto";
import { jobIdOf } from "../job-id.ts";
import { attemptsPerTry, decodeTicket } from "../payload.ts";
import { type JobFilter, type Keep, queueName } from "../queue.ts";
import type { Carrier } from "@throughline/tracing";
import type { RedisClient } from "./clients.ts";
import { JobFinder } from "./find-jobs.ts";
import type { RedisIntake } from "./intake.ts";
import { type FoundJob, parseData, viewOf } from "./job-data.ts";
import { runScript } from "./scripts.ts";
import { base, jobKey, jobsKey, tenantsKey, type TenantQueues, wakeChannel } from "./tenant-queues.ts";

const pruneAtOnce = 500;
/** A retried job waits behind its ticket's other until that ended; nothing waits so long. */
const parkedMs = 365 * 86_400_000;
const setsOf = ["wait", "prioritized", "delayed", "active", "completed", "failed"] as const;

/** Operations over all tenants' queues. */
export class RedisAdmin {
  private readonly client: RedisClient;
  private readonly queues: TenantQueues;
  private readonly intake: RedisIntake;
  private readonly finder: JobFinder;

  constructor(client: RedisClient, queues: TenantQueues, intake: RedisIntake) {
    this.client = client;
    this.queues = queues;
    this.intake = intake;
    this.finder = new JobFinder(client, queues);
  }

  list(filter: JobFilter): Promise<JobView[]> {
    return this.finder.list(filter);
  }

  async show(jobId: string): Promise<JobView> {
    return viewOf(await this.get(jobId));
  }

  async retry(jobId: string): Promise<JobView> {
    const found = await this.get(jobId);
    const { tenantId, ticketId, state } = found;
    if (state !== "failed") {
      throw new ThroughlineError(
        "TL_JOB_NOT_RETRYABLE",
        `Job "${jobId}" is ${viewOf(found).state}; only a dead job can be retried.`,
      );
    }
    const now = Date.now();
    const args = [base, tenantId, ticketId, jobId, attemptsPerTry, now, now + parkedMs];
    await runScript(this.client, "tlRevive", [jobKey(tenantId, jobId), ...args]);
    await this.wake();
    return this.show(jobId);
  }

  async discard(jobId: string): Promise<JobView> {
    const found = await this.get(jobId);
    const { tenantId, state } = found;
    const view = viewOf(found);
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
    const found = await this.get(jobId);
    const { tenantId, job, state } = found;
    if (state !== "completed" && state !== "failed") {
      throw new ThroughlineError(
        "TL_JOB_NOT_RETRYABLE",
        `Job "${jobId}" is ${viewOf(found).state}; only a job that ended can be run again.`,
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
    const ids = await this.idsOf(tenantId);
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

  /** Every id that a tenant has in a queue of BullMQ's or in our lists. */
  private async idsOf(tenantId: string): Promise<string[]> {
    const sets = setsOf.map((name) => jobKey(tenantId, name));
    const queued = await Promise.all(
      sets.map((key) =>
        key.endsWith(":wait") || key.endsWith(":active")
          ? this.client.lrange(key, 0, -1)
          : this.client.zrange(key, "0", "-1"),
      ),
    );
    const listed = await this.finder.list({ tenantId, limit: Number.MAX_SAFE_INTEGER });
    return [...new Set([...queued.flat(), ...listed.map(({ id }) => id)])];
  }

  private async get(jobId: string): Promise<FoundJob> {
    const found = await this.finder.find(jobId);
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
