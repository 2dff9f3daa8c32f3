import { Job, type JobJson } from "bullmq";
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

/** What BullMQ has made active. */
interface Moved {
  id: string;
  json: JobJson;
  token: string;
}

interface Look {
  lanes: Lane[];
  /** When the queue was resumed, milliseconds since the epoch. */
  resumedAt: number;
  /** More lanes than one: whose turn it is must be asked first. */
  areSeveral: boolean;
  /** None may be taken of the tenant that was named: it or the queue is paused or held. */
  isNamedShut: boolean;
}

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
  /** The tenant whose lane was the only one: its next job is asked for together with the look, not a round trip later. */
  private alone: string | undefined;
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
      const { lanes, first } = await this.lookAndTake(places);
      if (first !== undefined) taken.push(first);
      const turns = inTurn(lanes, count - taken.length);
      const jobs = await Promise.all(turns.map((lane) => this.takeOne(lane)));
      const got = jobs.filter((job) => job !== undefined);
      taken.push(...got);
      // What there was is taken: no need to look again.
      if (got.length === turns.length && turns.length + (first === undefined ? 0 : 1) < places) break;
    }
    return taken;
  }

  /** A tenant that was held by us has nothing to give for a while. */
  held(tenantId: string): void {
    if (this.alone === tenantId) this.alone = undefined;
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

  /** What the lanes have to give, without the job that was asked for at the same time. */
  private async lookAndTake(count: number): Promise<{ lanes: Lane[]; first?: LeasedJob | undefined }> {
    const { alone } = this;
    if (alone !== undefined) await this.applyLimits([alone]);
    const [look, moved] = await Promise.all([
      this.look(count, alone),
      alone === undefined ? undefined : this.move(alone),
    ]);
    const { lanes, isNamedShut, areSeveral, resumedAt } = look;
    const [only] = lanes;
    if (areSeveral || isNamedShut) this.alone = undefined;
    else if (only !== undefined) this.alone = only.tenantId;
    await this.applyLimits(lanes.map(({ tenantId }) => tenantId));
    if (moved === undefined || alone === undefined) return { lanes };
    if (isNamedShut) {
      // Others have shut it since the last look.
      await this.queues.backend(alone).moveJobFromActiveToWait(moved.id, moved.token);
      return { lanes };
    }
    const lane = lanes.find(({ tenantId }) => tenantId === alone);
    if (lane !== undefined) lane.jobs--;
    const first = await this.lease(alone, moved, lane?.resumedAt ?? resumedAt);
    return { lanes: lanes.filter(({ jobs }) => jobs > 0), first };
  }

  private async look(count: number, named = ""): Promise<Look> {
    const [all = "0", several, shut, ...found] = (await runScript(this.client, "tlLanes", [
      lanesKey,
      base,
      Date.now(),
      count,
      named,
    ])) as string[];
    const lanes: Lane[] = [];
    for (let at = 0; at < found.length; at += 3) {
      const [tenantId = "", resumedAt, jobs] = found.slice(at, at + 3);
      lanes.push({ tenantId, resumedAt: Math.max(Number(all), Number(resumedAt)), jobs: Number(jobs) });
    }
    return { lanes, resumedAt: Number(all), areSeveral: several === "1", isNamedShut: shut === "1" };
  }

  private async takeOne({ tenantId, resumedAt }: Lane): Promise<LeasedJob | undefined> {
    for (;;) {
      const moved = await this.move(tenantId);
      if (moved === undefined) return undefined;
      const job = await this.lease(tenantId, moved, resumedAt);
      if (job !== undefined) return job;
    }
  }

  private async move(tenantId: string): Promise<Moved | undefined> {
    const token = `${this.owner}:${++this.takes}`;
    const [json, id] = await this.queues.backend(tenantId).moveToActive(token, undefined);
    return json === null || json === undefined || id === undefined ? undefined : { id, json, token };
  }

  /** undefined: it cannot be read, and is buried. */
  private async lease(
    tenantId: string,
    { id, json, token }: Moved,
    resumedAt: number,
  ): Promise<LeasedJob | undefined> {
    const job = Job.fromJSON(this.queues.of(tenantId), json, id);
    this.holding.add(id, { tenantId, job, token });
    const crashed = json.deferredFailure;
    try {
      if (crashed === undefined) return leasedJob(id, json, resumedAt);
      throw new UnreadablePayload("Its worker ended without a word too often while it had the job.");
    } catch (error) {
      if (!(error instanceof UnreadablePayload)) throw error;
      await this.holding.end(id, (held) => held.job.moveToFailed(error, held.token));
      return undefined;
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
