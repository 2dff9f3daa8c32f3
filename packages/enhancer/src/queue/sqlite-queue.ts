import { type JobView, type QueueStatus, ThroughlineError } from "@throughline/api";
import { type ExpressionBuilder, sql } from "kysely";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { QueueDatabase, QueueTables } from "../database/schema.ts";
import { attemptsPerTry, leasedJob, newRow, viewOf } from "./job-row.ts";
import {
  type JobOutcome,
  type JobQueue,
  type LeasedJob,
  LeaseLost,
  type NewJob,
  queueName,
} from "./queue.ts";

/** A worker that is alive renews its lease three times before it ends. */
export const leaseMs = 30_000;
/** SQLite takes 32,766 parameters a statement. */
const rowsPerInsert = 500;

interface Pending {
  job: NewJob;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The queue as a table: a job row lives through waiting, active, done or dead. Times are milliseconds since the epoch. */
export class SqliteQueue implements JobQueue {
  private readonly database: QueueDatabase;
  private readonly owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  private pending: Pending[] = [];
  private wake: (() => void) | undefined;

  constructor(database: QueueDatabase) {
    this.database = database;
  }

  /** All jobs of one turn of the event loop share a commit, and so one fsync. */
  enqueue(job: NewJob): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pending.push({ job, resolve, reject });
      if (this.pending.length === 1) setImmediate(() => void this.commitPending());
    });
  }

  async take(count: number): Promise<LeasedJob[]> {
    const now = Date.now();
    await this.takeOverExpired(now);
    // A look costs no write: an idle worker leaves the file alone.
    const due = this.database
      .selectFrom("jobs")
      .select("id")
      .where("state", "=", "waiting")
      .where("available_at", "<=", now)
      .where(isNotPaused)
      .orderBy("priority")
      .orderBy("available_at")
      .limit(count);
    const ids = await due.execute();
    if (ids.length === 0) return [];
    const rows = await this.database
      .updateTable("jobs")
      .set({ state: "active", lease_owner: this.owner, leased_until: now + leaseMs, takes: sql`takes + 1` })
      .where("id", "in", due)
      .returningAll()
      .execute();
    return rows
      .sort((a, b) => a.priority - b.priority || a.available_at - b.available_at)
      .map((row) => leasedJob(row, now));
  }

  async heartbeat(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0) return;
    await this.database
      .updateTable("jobs")
      .set({ leased_until: Date.now() + leaseMs })
      .where("id", "in", jobIds)
      .where("lease_owner", "=", this.owner)
      .execute();
  }

  markWriteStarted(jobId: string): Promise<void> {
    return this.change(jobId, { write_started_at: Date.now() });
  }

  clearWriteStarted(jobId: string): Promise<void> {
    return this.change(jobId, { write_started_at: null });
  }

  complete(jobId: string, { status, noteId, reason }: JobOutcome): Promise<void> {
    const outcome = { status, note_id: noteId ?? null, reason: reason ?? null };
    return this.change(jobId, { ...this.ended("done"), ...outcome });
  }

  retryLater(jobId: string, reason: string, delayMs: number): Promise<void> {
    return this.change(jobId, {
      ...freed,
      reason,
      attempts: sql`attempts + 1`,
      available_at: Date.now() + delayMs,
    });
  }

  bury(jobId: string, reason: string): Promise<void> {
    return this.change(jobId, { ...this.ended("dead"), status: "failed", reason });
  }

  release(jobId: string): Promise<void> {
    return this.change(jobId, freed);
  }

  onWork(wake: () => void): void {
    this.wake = wake;
  }

  async list({ state, ticketId, limit }: Parameters<JobQueue["list"]>[0]): Promise<JobView[]> {
    let query = this.database
      .selectFrom("jobs")
      .selectAll()
      .orderBy("enqueued_at", "desc")
      .orderBy("id")
      .limit(limit);
    if (state !== undefined) query = query.where("state", "=", state);
    if (ticketId !== undefined) query = query.where("ticket_id", "=", ticketId);
    return (await query.execute()).map(viewOf);
  }

  async show(jobId: string): Promise<JobView> {
    const row = await this.database.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirst();
    if (row === undefined) throw new ThroughlineError("TL_JOB_NOT_FOUND", `There is no job "${jobId}".`);
    return viewOf(row);
  }

  async retry(jobId: string): Promise<JobView> {
    const now = Date.now();
    const row = await this.database
      .updateTable("jobs")
      .set({
        ...freed,
        attempts_allowed: sql`attempts + ${attemptsPerTry}`,
        status: null,
        available_at: now,
        clock_started_at: now,
        finished_at: null,
      })
      .where("id", "=", jobId)
      .where("state", "=", "dead")
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) {
      const { state } = await this.show(jobId);
      throw new ThroughlineError(
        "TL_JOB_NOT_RETRYABLE",
        `Job "${jobId}" is ${state}; only a dead job can be retried.`,
      );
    }
    this.wake?.();
    return viewOf(row);
  }

  async pause(): Promise<void> {
    await this.setPaused(1);
  }

  /** Time that was spent paused is nobody's slowness: the clocks of what waited start anew. */
  async resume(): Promise<void> {
    const paused = this.database.selectFrom("queue_state").select("name").where("paused", "=", 1);
    await this.database
      .updateTable("jobs")
      .set({ clock_started_at: Date.now() })
      .where("state", "=", "waiting")
      .where((eb) => eb.exists(paused))
      .execute();
    await this.setPaused(0);
    this.wake?.();
  }

  async status(): Promise<QueueStatus> {
    const now = Date.now();
    const [counts, oldest, state] = await Promise.all([
      this.database
        .selectFrom("jobs")
        .select(["state", (eb) => eb.fn.countAll<number>().as("count")])
        .groupBy("state")
        .execute(),
      this.database
        .selectFrom("jobs")
        .select((eb) => eb.fn.min("enqueued_at").as("at"))
        .where("state", "=", "waiting")
        .executeTakeFirst(),
      this.database
        .selectFrom("queue_state")
        .select("paused")
        .where("name", "=", queueName)
        .executeTakeFirst(),
    ]);
    const count = (wanted: JobView["state"]) =>
      counts.find(({ state: found }) => found === wanted)?.count ?? 0;
    return {
      name: queueName,
      paused: state?.paused === 1,
      waiting: count("waiting"),
      active: count("active"),
      done: count("done"),
      dead: count("dead"),
      oldestWaitingMs: (oldest?.at ?? null) === null ? null : now - Number(oldest?.at),
    };
  }

  /** Leases of processes of this host that are gone need not run out. To be called before the first `take`. */
  async reclaimFromDeadProcesses(): Promise<void> {
    const held = await this.database
      .selectFrom("jobs")
      .select("lease_owner")
      .distinct()
      .where("state", "=", "active")
      .execute();
    const gone = held.flatMap(({ lease_owner: owner }) =>
      owner !== null && this.isGone(owner) ? [owner] : [],
    );
    if (gone.length === 0) return;
    await this.database
      .updateTable("jobs")
      .set(freed)
      .where("state", "=", "active")
      .where("lease_owner", "in", gone)
      .execute();
  }

  private isGone(owner: string): boolean {
    const [pid, host] = [Number(owner.split(":").at(-2)), owner.split(":").slice(0, -2).join(":")];
    if (host !== hostname() || owner === this.owner) return false;
    // The process id may be ours again after a restart, in a container it always is.
    if (pid === process.pid) return true;
    try {
      process.kill(pid, 0);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ESRCH";
    }
  }

  private async takeOverExpired(now: number): Promise<void> {
    const expired = this.database
      .selectFrom("jobs")
      .select("id")
      .where("state", "=", "active")
      .where("leased_until", "<", now);
    if ((await expired.limit(1).execute()).length === 0) return;
    await this.database.updateTable("jobs").set(freed).where("id", "in", expired).execute();
  }

  private async commitPending(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    for (let at = 0; at < batch.length; at += rowsPerInsert) {
      const part = batch.slice(at, at + rowsPerInsert);
      try {
        await this.database
          .insertInto("jobs")
          .values(part.map(({ job }) => newRow(job)))
          .execute();
        for (const { resolve } of part) resolve();
      } catch (cause) {
        const error = new ThroughlineError(
          "TL_QUEUE_UNAVAILABLE",
          `The job could not be stored: ${String(cause)}`,
          { cause },
        );
        for (const { reject } of part) reject(error);
      }
    }
    this.wake?.();
  }

  private ended(state: "done" | "dead") {
    return {
      state,
      lease_owner: null,
      leased_until: null,
      finished_at: Date.now(),
      attempts: sql<number>`attempts + 1`,
    };
  }

  private async change(jobId: string, values: object): Promise<void> {
    const result = await this.database
      .updateTable("jobs")
      .set(values)
      .where("id", "=", jobId)
      .where("lease_owner", "=", this.owner)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw new LeaseLost(`The lease on job ${jobId} ended.`);
  }

  private async setPaused(paused: 0 | 1): Promise<void> {
    await this.database
      .insertInto("queue_state")
      .values({ name: queueName, paused })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ paused }))
      .execute();
  }
}

function isNotPaused(eb: ExpressionBuilder<QueueTables, "jobs">) {
  const paused = eb
    .selectFrom("queue_state")
    .select("name")
    .where("name", "=", queueName)
    .where("paused", "=", 1);
  return eb.not(eb.exists(paused));
}

const freed = { state: "waiting", lease_owner: null, leased_until: null } as const;
