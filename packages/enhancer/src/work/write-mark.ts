import type { JobSource } from "../queue/queue.ts";
import { freshMarkMs, type WriteJournal } from "./put-note.ts";

/**
 * The queue's durable word that the desk may have been asked to write: whoever takes the job over looks for the note first, and counts
 * from the mark how long it may still appear. So the mark may be made a little early, while the ticket is read once more, but not long
 * before the write.
 */
export class WriteMark implements WriteJournal {
  private readonly queue: JobSource;
  private readonly jobId: string;
  private madeAt = -Infinity;

  constructor(queue: JobSource, jobId: string) {
    this.queue = queue;
    this.jobId = jobId;
  }

  /** Beside the reading before a write. Where that fails, nothing was asked for. */
  async beside<T>(reading: Promise<T>): Promise<T> {
    const [read, marked] = await Promise.allSettled([reading, this.make()]);
    if (marked.status === "rejected") throw marked.reason;
    if (read.status === "fulfilled") return read.value;
    await this.cleared();
    throw read.reason;
  }

  async started(): Promise<void> {
    if (performance.now() - this.madeAt > freshMarkMs) await this.make();
  }

  cleared(): Promise<void> {
    this.madeAt = -Infinity;
    return this.queue.clearWriteStarted(this.jobId);
  }

  private async make(): Promise<void> {
    const began = performance.now();
    await this.queue.markWriteStarted(this.jobId);
    this.madeAt = began;
  }
}
