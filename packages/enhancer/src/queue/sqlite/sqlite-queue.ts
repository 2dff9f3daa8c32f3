import { type JobView, type QueueStatus } from "@throughline/api";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { SQLInputValue } from "node:sqlite";
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
import * as admin from "./admin.ts";
import type { QueueConnection } from "./connection.ts";
import { enqueue } from "./intake.ts";
import { isGone } from "../owner.ts";
import { eraseTenant, prune } from "./prune.ts";
import { leaseMs, takeJobs, type TakenOver, takeOver } from "./take.ts";
import { WakeFile } from "./wake-file.ts";

const freed = "state = 'waiting', lease_owner = null, leased_until = null";
/** A lane that has nothing to give stays asleep: the next job wakes it. */
const wakeWhereOneWaits = `
  update queue_lanes set busy = 1 where tenant_id = ?1 and busy = 0
    and exists (select 1 from jobs indexed by jobs_ready where tenant_id = ?1 and state = 'waiting' and delayed = 0)`;
const ended = "lease_owner = null, leased_until = null, attempts = attempts + 1";

export interface SqliteQueueOptions {
  /** To the data file; closed with the queue. */
  connection: QueueConnection;
  /** Touched when there is work, so that other processes on the file need not look again and again. */
  wakeFile: string;
  concurrencyOf: ConcurrencyOf;
  keep: Keep;
}

/** The queue as tables of the data file: a job row lives through waiting, active, done or dead. */
export class SqliteQueue implements JobQueue {
  readonly system = "sqlite";
  private readonly connection: QueueConnection;
  private readonly owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  private readonly keep: Keep;
  private readonly limits: TenantLimits;
  private readonly wakeFile: WakeFile;
  private wake: (() => void) | undefined;

  constructor({ connection, wakeFile, concurrencyOf, keep }: SqliteQueueOptions) {
    this.connection = connection;
    this.keep = keep;
    this.limits = new TenantLimits(concurrencyOf);
    this.wakeFile = new WakeFile(wakeFile);
  }

  /** A worker may begin to read before the job is durable: that it may write stands behind the job in the log. */
  enqueue(job: NewJob): Promise<Enqueued> {
    return enqueue(this.connection, job, ({ isNew }) => {
      if (isNew) this.tellWorkers();
    });
  }

  async take(count: number): Promise<LeasedJob[]> {
    const { limits } = this;
    const take = (limitOf: (tenantId: string) => number | undefined) =>
      this.connection.commit.quick(() => takeJobs(this.connection, this.owner, count, limitOf));
    const { taken, unknown } = await take((id) => (limits.isFresh(id) ? limits.of(id) : undefined));
    if (unknown.length === 0) return taken;
    await limits.refresh(unknown);
    // What was asked for just now counts, also where asking for many took so long that the first is old again.
    return (await take((id) => limits.of(id))).taken;
  }

  heartbeat(jobIds: readonly string[]): Promise<string[]> {
    if (jobIds.length === 0) return Promise.resolve([]);
    return this.connection.commit.quick(() =>
      jobIds.filter(
        (id) =>
          this.connection.run(
            "update jobs set leased_until = ? where id = ? and lease_owner = ?",
            this.connection.now() + leaseMs,
            id,
            this.owner,
          ) === 0,
      ),
    );
  }

  markWriteStarted(jobId: string): Promise<void> {
    const now = this.connection.now();
    return this.connection.commit.durable(() => void this.changeNow(jobId, "write_started_at = ?", [now]));
  }

  clearWriteStarted(jobId: string): Promise<void> {
    return this.connection.commit.durable(() => void this.changeNow(jobId, "write_started_at = null", []));
  }

  complete(jobId: string, { status, noteId, reason }: JobOutcome): Promise<void> {
    const values = `state = 'done', ${ended}, finished_at = ?, status = ?, note_id = ?, reason = ?`;
    return this.free(jobId, values, this.connection.now(), status, noteId ?? null, reason ?? null);
  }

  retryLater(jobId: string, reason: string, delayMs: number): Promise<void> {
    const values = `${freed}, attempts = attempts + 1, reason = ?, available_at = ?, delayed = 1`;
    return this.free(jobId, values, reason, this.connection.now() + delayMs);
  }

  async holdTenant(jobId: string, reason: string, delayMs: number): Promise<void> {
    const until = this.connection.now() + delayMs;
    await this.connection.commit.durable(() => {
      const tenantId = this.freeNow(jobId, `${freed}, reason = ?`, [reason]);
      this.connection.run(
        "update queue_lanes set held_until = max(held_until, ?) where tenant_id = ?",
        until,
        tenantId,
      );
    });
  }

  bury(jobId: string, reason: string): Promise<void> {
    return this.free(
      jobId,
      `state = 'dead', ${ended}, finished_at = ?, status = 'failed', reason = ?`,
      this.connection.now(),
      reason,
    );
  }

  release(jobId: string): Promise<void> {
    return this.free(jobId, freed);
  }

  onWork(wake: () => void): void {
    this.wake = wake;
    this.wakeFile.watch(wake);
  }

  async reclaimFromDeadProcesses(): Promise<void> {
    await this.connection.commit.durable(() => {
      const active = this.connection.all<TakenOver & { lease_owner: string }>(
        "select id, tenant_id, takeovers, lease_owner from jobs where state = 'active'",
      );
      const lost = active.filter(({ lease_owner: owner }) => isGone(owner, this.owner));
      takeOver(this.connection, lost, this.connection.now());
    });
  }

  list(filter: JobFilter): Promise<JobView[]> {
    return Promise.resolve(admin.list(this.connection, filter));
  }

  async show(jobId: string): Promise<JobView> {
    return Promise.resolve(admin.show(this.connection, jobId));
  }

  async retry(jobId: string): Promise<JobView> {
    const job = await this.connection.commit.durable(() => admin.retry(this.connection, jobId));
    this.tellWorkers();
    return job;
  }

  discard(jobId: string): Promise<JobView> {
    return this.connection.commit.durable(() => admin.discard(this.connection, jobId));
  }

  async rerun(jobId: string, options: { isForced: boolean }): Promise<JobView> {
    const job = await this.connection.commit.durable(() => admin.rerun(this.connection, jobId, options));
    this.tellWorkers();
    return job;
  }

  async pause(tenantId?: string): Promise<void> {
    await this.connection.commit.durable(() => admin.setPaused(this.connection, tenantId, 1));
  }

  async resume(tenantId?: string): Promise<void> {
    await this.connection.commit.durable(() => admin.setPaused(this.connection, tenantId, 0));
    this.tellWorkers();
  }

  async status(): Promise<QueueStatus> {
    return Promise.resolve(admin.status(this.connection));
  }

  prune(): Promise<number> {
    return prune(this.connection, this.keep);
  }

  eraseTenant(tenantId: string): Promise<{ jobs: number; deliveries: number }> {
    return eraseTenant(this.connection, tenantId);
  }

  async ping(): Promise<void> {
    await Promise.resolve(this.connection.get("select 1 from queue_state limit 1"));
  }

  async close(): Promise<void> {
    this.wakeFile.close();
    await this.connection.close();
  }

  private tellWorkers(): void {
    this.wake?.();
    this.wakeFile.touch(this.connection.commit.count);
  }

  private async free(jobId: string, assignments: string, ...values: SQLInputValue[]): Promise<void> {
    await this.connection.commit.durable(() => this.freeNow(jobId, assignments, values));
  }

  /** The job leaves our hands and its place is free for the tenant's next. Returns its tenant. */
  private freeNow(jobId: string, assignments: string, values: SQLInputValue[]): string {
    const tenantId = this.changeNow(jobId, assignments, values);
    this.connection.run(wakeWhereOneWaits, tenantId);
    return tenantId;
  }

  /** Returns the job's tenant. */
  private changeNow(jobId: string, assignments: string, values: SQLInputValue[]): string {
    const sql = `update jobs set ${assignments} where id = ? and state = 'active' and lease_owner = ? returning tenant_id`;
    const job = this.connection.get<{ tenant_id: string }>(sql, ...values, jobId, this.owner);
    if (job === undefined) throw new LeaseLost(jobId);
    return job.tenant_id;
  }
}
