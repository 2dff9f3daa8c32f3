import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

interface Waiting {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Past so many the rest waits for the next turn: a commit never holds the thread for long. */
const longestGroup = 2_000;
/** Another process may hold the file's lock, an import for example: its writer is waited for without blocking the thread. */
const patienceMs = 5_000;
const pauseMs = 3;
/** Commits that follow each other closer are frequent: another one comes soon. */
const soonMs = 3;

/**
 * Everything that was asked for in one turn of the event loop is one transaction, and so one fsync. Promises resolve once it is durable.
 *
 * `work` runs inside the transaction: what it throws rejects its own promise only, so it must throw before it writes. Where the
 * transaction fails, all of its group are rejected and nothing of it is kept.
 */
export class GroupCommit {
  private readonly sqlite: DatabaseSync;
  private durableGroup: Waiting[] = [];
  private quickGroup: Waiting[] = [];
  /** Joins the next durable group. */
  private readonly patient = new Set<Waiting>();
  private durableAt = -Infinity;
  private commits = 0;
  private isScheduled = false;
  private flushing: Promise<void> = Promise.resolve();
  private synchronous: "full" | "normal" = "full";

  constructor(sqlite: DatabaseSync) {
    this.sqlite = sqlite;
  }

  /**
   * Resolves once what `work` wrote survives a power cut. Where nobody waits for it before `needed` settles and commits are frequent, it
   * joins one that happens anyway: an fsync holds the thread.
   */
  durable<T>(work: () => T, needed?: Promise<unknown>): Promise<T> {
    if (needed === undefined || performance.now() - this.durableAt > soonMs)
      return this.join(this.durableGroup, work);
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { work, resolve: resolve as (value: unknown) => void, reject };
      this.patient.add(waiting);
      const hurry = () => {
        if (!this.patient.delete(waiting)) return;
        this.durableGroup.push(waiting);
        this.schedule();
      };
      needed.then(hurry, hurry);
    });
  }

  /** As `durable`, but a power cut may undo it (never half of it): for what is done again at no cost, such as taking a job. */
  quick<T>(work: () => T): Promise<T> {
    return this.join(this.quickGroup, work);
  }

  /** Of transactions that were committed. */
  get count(): number {
    return this.commits;
  }

  /** Resolves when all that was asked for until now has ended. */
  async idle(): Promise<void> {
    this.durableGroup.push(...this.patient);
    this.patient.clear();
    if (this.durableGroup.length > 0) this.schedule();
    while (this.isScheduled) await this.flushing.then(() => new Promise((resolve) => setImmediate(resolve)));
  }

  private join<T>(group: Waiting[], work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      group.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.flushing = this.flush();
    });
  }

  private async flush(): Promise<void> {
    const isDurable = this.durableGroup.length > 0;
    if (isDurable) {
      this.durableGroup.push(...this.patient);
      this.patient.clear();
    }
    // What must be durable goes first: the end of a job frees the place that the next one takes.
    const group = [...this.durableGroup.splice(0, longestGroup), ...this.quickGroup.splice(0, longestGroup)];
    try {
      this.sync(isDurable ? "full" : "normal");
      await this.begin();
      const settle = group.map(run);
      this.sqlite.exec("commit");
      this.commits++;
      if (isDurable) this.durableAt = performance.now();
      for (const done of settle) done();
    } catch (error) {
      if (this.sqlite.isTransaction) this.sqlite.exec("rollback");
      for (const { reject } of group) reject(error);
    }
    this.isScheduled = false;
    if (this.durableGroup.length + this.quickGroup.length > 0) this.schedule();
  }

  private async begin(): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        this.sqlite.exec("begin immediate");
        return;
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
      }
      await sleep(pauseMs);
    }
  }

  /** In WAL mode `normal` writes the log without a sync; the next `full` commit syncs it too. */
  private sync(wanted: "full" | "normal"): void {
    if (wanted === this.synchronous) return;
    this.sqlite.exec(`pragma synchronous = ${wanted}`);
    this.synchronous = wanted;
  }
}

function run({ work, resolve, reject }: Waiting): () => void {
  try {
    const value = work();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  // SQLITE_BUSY and SQLITE_LOCKED.
  return code === 5 || code === 6;
}
