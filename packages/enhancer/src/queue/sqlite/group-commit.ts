import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { LogSync } from "./log-sync.ts";

interface Waiting {
  work: () => unknown;
  onVisible: ((value: unknown) => void) | undefined;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Past so many the rest waits for the next turn: a commit never holds the thread for long. */
const longestGroup = 2_000;
/** Another process may hold the file's lock, an import for example: its writer is waited for without blocking the thread. */
const patienceMs = 5_000;
const pauseMs = 3;

/**
 * Everything that was asked for in one turn of the event loop is one transaction, and the transactions of the time that one sync takes
 * share the next: the thread works on meanwhile.
 *
 * `work` runs inside the transaction: what it throws rejects its own promise only, so it must throw before it writes. Where the
 * transaction fails, all of its group are rejected and nothing of it is kept.
 */
export class GroupCommit {
  private readonly sqlite: DatabaseSync;
  private readonly log: LogSync;
  private durableGroup: Waiting[] = [];
  private quickGroup: Waiting[] = [];
  private commits = 0;
  private isScheduled = false;
  private flushing: Promise<void> = Promise.resolve();

  /** The connection writes its log (WAL) without a sync from here on: that is done here. */
  constructor(sqlite: DatabaseSync, file: string) {
    this.sqlite = sqlite;
    this.sqlite.exec("pragma synchronous = normal");
    this.log = new LogSync(`${file}-wal`);
  }

  /**
   * Resolves once what `work` wrote survives a power cut. `onVisible` is told a moment before, when others see it: what they make durable
   * afterwards makes it durable too, as it stands before it in the log.
   */
  durable<T>(work: () => T, onVisible?: (value: T) => void): Promise<T> {
    return this.join(this.durableGroup, work, onVisible);
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
  async close(): Promise<void> {
    while (this.isScheduled) await this.flushing.then(() => new Promise((resolve) => setImmediate(resolve)));
    await this.log.close();
  }

  private join<T>(group: Waiting[], work: () => T, onVisible?: (value: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      group.push({
        work,
        onVisible: onVisible as Waiting["onVisible"],
        resolve: resolve as Waiting["resolve"],
        reject,
      });
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
    // What must be durable goes first: the end of a job frees the place that the next one takes.
    const durable = this.durableGroup.splice(0, longestGroup);
    const quick = this.quickGroup.splice(0, longestGroup);
    try {
      await this.begin();
      const [settleLater, settleNow] = [durable.map(run), quick.map(run)];
      this.sqlite.exec("commit");
      this.commits++;
      for (const { onVisible } of settleLater) onVisible?.();
      for (const { settle } of settleNow) settle();
      if (durable.length > 0) this.settleOnceSynced(durable, settleLater);
    } catch (error) {
      if (this.sqlite.isTransaction) this.sqlite.exec("rollback");
      for (const { reject } of [...durable, ...quick]) reject(error);
    }
    this.isScheduled = false;
    if (this.durableGroup.length + this.quickGroup.length > 0) this.schedule();
  }

  private settleOnceSynced(group: readonly Waiting[], ran: readonly Ran[]): void {
    this.log.sync().then(
      () => {
        for (const { settle } of ran) settle();
      },
      (error: unknown) => {
        for (const { reject } of group) reject(error);
      },
    );
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
}

interface Ran {
  onVisible?: () => void;
  settle: () => void;
}

function run({ work, onVisible, resolve, reject }: Waiting): Ran {
  try {
    const value = work();
    return {
      ...(onVisible === undefined ? {} : { onVisible: () => onVisible(value) }),
      settle: () => resolve(value),
    };
  } catch (error) {
    return { settle: () => reject(error) };
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  // SQLITE_BUSY and SQLITE_LOCKED.
  return code === 5 || code === 6;
}
