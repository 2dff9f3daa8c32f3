import { type JobView, type QueueStatus, ThroughlineError } from "@throughline/api";
import type { Logger } from "pino";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isGone } from "../owner.ts";
import {
  type ConcurrencyOf,
  type Enqueued,
  type JobFilter,
  type JobOutcome,
  type JobQueue,
  type Keep,
  type LeasedJob,
  LeaseLost,
  type NewJob,
} from "../queue.ts";
import { TenantLimits } from "../tenant-limits.ts";
import type { RedisAddress } from "./address.ts";
import { RedisAdmin } from "./admin.ts";
import { warnOfSettings } from "./check-settings.ts";
import { connect, disconnect, isReady, type RedisClient } from "./clients.ts";
import { Holding } from "./hold.ts";
import { RedisIntake } from "./intake.ts";
import { defineScripts, runScript } from "./scripts.ts";
import { RedisTaker } from "./take.ts";
import { base, jobKey, leaseMs, TenantQueues, wakeChannel } from "./tenant-queues.ts";

export interface RedisQueueOptions {
  address: RedisAddress;
  concurrencyOf: ConcurrencyOf;
  keep: Keep;
  logger?: Logger | undefined;
}

const pingTimeoutMs = 1_000;
/** Jobs that end within so long are told to other processes with one message. */
const wakeOthersMs = 20;

/** The queue on Redis or Valkey: BullMQ's structures and scripts, one of its queues for each tenant. See docs/adr. */
export class RedisQueue implements JobQueue {
  readonly system = "redis";
  private readonly owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  private readonly options: RedisQueueOptions;
  private readonly client: RedisClient;
  private readonly intake: RedisIntake;
  private readonly queues: TenantQueues;
  private readonly holding = new Holding();
  private readonly taker: RedisTaker;
  private readonly admin: RedisAdmin;
  private listener: RedisClient | undefined;
  private failing = false;
  private wake: (() => void) | undefined;
  private othersDue: NodeJS.Timeout | undefined;

  constructor(options: RedisQueueOptions) {
    const { address, concurrencyOf, keep } = options;
    this.options = options;
    this.client = connect(address, "worker");
    this.client.on("error", this.onError);
    this.client.on("ready", () => this.onReady());
    defineScripts(this.client);
    this.queues = new TenantQueues(this.client, this.onError);
    this.intake = new RedisIntake(address, keep.deliveriesMs, this.onError);
    this.taker = new RedisTaker(
      this.client,
      this.queues,
      this.holding,
      new TenantLimits(concurrencyOf),
      this.owner,
    );
    this.admin = new RedisAdmin(this.client, this.queues, this.intake);
  }

  enqueue(job: NewJob): Promise<Enqueued> {
    return this.intake.enqueue(job);
  }

  take(count: number): Promise<LeasedJob[]> {
    return this.taker.take(count);
  }

  async heartbeat(jobIds: readonly string[]): Promise<string[]> {
    const lost = jobIds.filter((id) => !this.holding.has(id));
    for (const [tenantId, { ids, tokens }] of this.holding.ofTenants(jobIds))
      lost.push(...(await this.queues.backend(tenantId).extendLocks(ids, tokens, leaseMs)));
    return lost;
  }

  markWriteStarted(jobId: string): Promise<void> {
    return this.progress(jobId, "writeStartedAt", String(Date.now()));
  }

  clearWriteStarted(jobId: string): Promise<void> {
    return this.progress(jobId, "writeStartedAt", "");
  }

  async complete(jobId: string, { status, noteId, reason }: JobOutcome): Promise<void> {
    const outcome = { status, noteId: noteId ?? null, reason: reason ?? null };
    await this.holding.end(jobId, ({ job, token }) => job.moveToCompleted(outcome, token, false));
    this.wakeFollowers();
  }

  async retryLater(jobId: string, reason: string, delayMs: number): Promise<void> {
    await this.holding.end(jobId, ({ tenantId, token }) =>
      this.queues.backend(tenantId).moveToDelayed(jobId, Date.now(), Math.max(0, delayMs), token, {
        fieldsToUpdate: { failedReason: reason },
      }),
    );
  }

  async holdTenant(jobId: string, reason: string, delayMs: number): Promise<void> {
    const { tenantId } = this.holding.get(jobId);
    this.taker.held(tenantId);
    await this.client.zadd(`${base}held`, "GT", Date.now() + delayMs, tenantId);
    await this.holding.end(jobId, async ({ token }) => {
      await this.queues.backend(tenantId).moveJobFromActiveToWait(jobId, token);
      await this.client.hset(jobKey(tenantId, jobId), "failedReason", reason);
    });
  }

  async bury(jobId: string, reason: string): Promise<void> {
    await this.holding.end(jobId, ({ job, token }) => job.moveToFailed(new Error(reason), token));
    this.wakeFollowers();
  }

  async release(jobId: string): Promise<void> {
    await this.holding.end(jobId, ({ tenantId, token }) =>
      this.queues.backend(tenantId).moveJobFromActiveToWait(jobId, token),
    );
    this.wakeFollowers();
  }

  onWork(wake: () => void): void {
    this.wake = wake;
    this.listener ??= connect(this.options.address, "listener");
    this.listener.on("error", this.onError);
    this.listener.on("message", wake);
    this.listener.on("ready", wake);
    // Until it is there, workers look by themselves.
    void this.listener.subscribe(wakeChannel).catch(() => undefined);
  }

  async reclaimFromDeadProcesses(): Promise<void> {
    const locks = (await runScript(this.client, "tlLocks", [`${base}lanes`, base])) as string[];
    let found = false;
    for (let at = 0; at < locks.length; at += 2) {
      const [key = "", token = ""] = [locks[at], locks[at + 1]];
      if (token === "" || !isGone(token.split(":").slice(0, -1).join(":"), this.owner)) continue;
      await runScript(this.client, "tlUnlock", [key, token]);
      found = true;
    }
    if (found) await this.taker.moveLost();
  }

  list(filter: JobFilter): Promise<JobView[]> {
    return this.admin.list(filter);
  }

  show(jobId: string): Promise<JobView> {
    return this.admin.show(jobId);
  }

  retry(jobId: string): Promise<JobView> {
    return this.admin.retry(jobId);
  }

  discard(jobId: string): Promise<JobView> {
    return this.admin.discard(jobId);
  }

  rerun(jobId: string, options: { isForced: boolean }): Promise<JobView> {
    return this.admin.rerun(jobId, options);
  }

  pause(tenantId?: string): Promise<void> {
    return this.admin.pause(tenantId);
  }

  resume(tenantId?: string): Promise<void> {
    return this.admin.resume(tenantId);
  }

  status(): Promise<QueueStatus> {
    return this.admin.status();
  }

  prune(): Promise<number> {
    return this.admin.prune(this.options.keep);
  }

  eraseTenant(tenantId: string): Promise<{ jobs: number; deliveries: number }> {
    return this.admin.eraseTenant(tenantId);
  }

  /** Fails at once while there is no connection: whoever asks wants to know now. */
  async ping(): Promise<void> {
    const answered = isReady(this.client) ? this.client.ping() : Promise.resolve(undefined);
    const late = new AbortController();
    // A connection that breaks just now keeps the question until Redis is back.
    const answer = await Promise.race([
      answered.catch(() => undefined),
      sleep(pingTimeoutMs, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (answer === undefined)
      throw new ThroughlineError("TL_QUEUE_UNAVAILABLE", `${this.options.address.shown} does not answer.`);
  }

  async close(): Promise<void> {
    const { listener } = this;
    if (this.othersDue !== undefined) this.wakeOthers();
    await Promise.all([
      this.intake.close(),
      disconnect(this.client, () => this.queues.close()),
      ...(listener === undefined ? [] : [disconnect(listener)]),
    ]);
  }

  private async progress(jobId: string, name: string, value: string): Promise<void> {
    const { tenantId, token } = this.holding.get(jobId);
    const changed = await runScript(this.client, "tlProgress", [jobKey(tenantId, jobId), token, name, value]);
    if (changed !== 1) throw new LeaseLost(jobId);
  }

  /** A job that waited for its ticket's other, or for a place of its tenant, can be taken now: by us at once, by others soon. */
  private wakeFollowers(): void {
    this.wake?.();
    this.othersDue ??= setTimeout(() => this.wakeOthers(), wakeOthersMs);
  }

  private wakeOthers(): void {
    clearTimeout(this.othersDue);
    this.othersDue = undefined;
    // Whoever does not hear of it looks by himself.
    void this.client.publish(wakeChannel, "").catch(() => undefined);
  }

  /** Told once for each time that Redis is away. */
  private readonly onError = (error: Error): void => {
    if (this.failing) return;
    this.failing = true;
    this.options.logger?.error(
      { err: error, redis: this.options.address.shown },
      "Redis cannot be reached; trying on",
    );
  };

  private onReady(): void {
    const { logger, address } = this.options;
    if (this.failing) logger?.info({ redis: address.shown }, "Redis answers again");
    this.failing = false;
    if (logger !== undefined) void warnOfSettings(this.client, address, logger);
  }
}
