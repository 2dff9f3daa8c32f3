import { Job } from "bullmq";
import { UnreadablePayload } from "../payload.ts";
import type { LeasedJob } from "../queue.ts";
import type { TenantLimits } from "../tenant-limits.ts";
import type { RedisClient } from "./clients.ts";
import type { Holding } from "./hold.ts";
import { leasedJob } from "./job-data.ts";
import { runScript } from "./scripts.ts";
import { base, type TenantQueues } from "./tenant-queues.ts";

const lanesKey = `${base}lanes`;
/** How often it is looked for jobs whose worker let their lock go. */
const lostEveryMs = 1_000;

interface Lane {
  tenantId: string;
  /** Milliseconds since the epoch. */
  resumedAt: number;
  /** How many it has to give, when it was looked at. */
  jobs: number;
}

/** Takes jobs of the tenants in turn; BullMQ moves and locks each. */
export class RedisTaker {
  private readonly client: RedisClient;
  private readonly queues: TenantQueues;
  private readonly holding: Holding;
  private readonly limits: TenantLimits;
  private readonly owner: string;
  /** What BullMQ has as each tenant's concurrency. */
  private readonly stored = new Map<string, number>();
  private takes = 0;
  private lookedAt = 0;

  constructor(
    client: RedisClient,
    queues: TenantQueues,
    holding: Holding,
    limits: TenantLimits,
    owner: string,
  ) {
    this.client = client;
    this.queues = queues;
    this.holding = holding;
    this.limits = limits;
    this.owner = owner;
  }

  async take(count: number): Promise<LeasedJob[]> {
    await this.takeOverLost();
    const taken: LeasedJob[] = [];
    while (taken.length < count) {
      const places = count - taken.length;
      const lanes = await this.lanes(places);
      if (lanes.length === 0) break;
      const turns = inTurn(lanes, places);
      const jobs = await Promise.all(turns.map((lane) => this.takeOne(lane)));
      const got = jobs.filter((job) => job !== undefined);
      taken.push(...got);
      // What there was is taken: no need to look again.
      if (got.length === turns.length && turns.length < places) break;
    }
    return taken;
  }

  /** To be called before a tenant's jobs are looked for: BullMQ counts what is under way against it. */
  async applyLimits(tenantIds: readonly string[]): Promise<void> {
    await this.limits.refresh(tenantIds);
    for (const tenantId of tenantIds) {
      const limit = this.limits.of(tenantId);
      if (this.stored.get(tenantId) === limit) continue;
      await this.queues.of(tenantId).setGlobalConcurrency(limit);
      this.stored.set(tenantId, limit);
    }
  }

  private async lanes(count: number): Promise<Lane[]> {
    const [all = "0", ...found] = (await runScript(this.client, "tlLanes", [
      lanesKey,
      base,
      Date.now(),
      count,
    ])) as string[];
    const lanes: Lane[] = [];
    for (let at = 0; at < found.length; at += 3) {
      const [tenantId = "", resumedAt, jobs] = found.slice(at, at + 3);
      lanes.push({ tenantId, resumedAt: Math.max(Number(all), Number(resumedAt)), jobs: Number(jobs) });
    }
    await this.applyLimits(lanes.map(({ tenantId }) => tenantId));
    return lanes;
  }

  private async takeOne({ tenantId, resumedAt }: Lane): Promise<LeasedJob | undefined> {
    const queue = this.queues.of(tenantId);
    const token = `${this.owner}:${++this.takes}`;
    for (;;) {
      const [json, id] = await queue.getBackend().moveToActive(token, undefined);
      if (json === null || json === undefined || id === undefined) return undefined;
      const job = Job.fromJSON(queue, json, id);
      this.holding.add(id, { tenantId, job, token });
      const crashed = json.deferredFailure;
      try {
        if (crashed === undefined) return leasedJob(id, json, resumedAt);
        throw new UnreadablePayload("Its worker ended without a word too often while it had the job.");
      } catch (error) {
        if (!(error instanceof UnreadablePayload)) throw error;
        await this.holding.end(id, (held) => held.job.moveToFailed(error, held.token));
      }
    }
  }

  private async takeOverLost(): Promise<void> {
    const now = Date.now();
    if (Math.abs(now - this.lookedAt) < lostEveryMs) return;
    this.lookedAt = now;
    await this.moveLost();
  }

  async moveLost(): Promise<void> {
    const tenants = (await runScript(this.client, "tlLost", [lanesKey, base])) as string[];
    for (const tenantId of tenants) await this.queues.backend(tenantId).moveStalledJobsToWait();
  }
}

/** Whose job comes next, for so many places: one of each lane, again and again, while it has some. */
function inTurn(lanes: readonly Lane[], places: number): Lane[] {
  const turns: Lane[] = [];
  for (let round = 0; turns.length < places; round++) {
    const giving = lanes.filter(({ jobs }) => jobs > round);
    if (giving.length === 0) break;
    turns.push(...giving);
  }
  return turns.slice(0, places);
}
