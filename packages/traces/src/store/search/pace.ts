import { ThroughlineError } from "@throughline/api/errors";
import { setImmediate as nextTurn } from "node:timers/promises";

/** So long a query keeps the thread to itself before another may go on. */
const sliceMs = 5;

/** The asker has gone. */
class CancelledError extends Error {
  override readonly name = "CancelledError";
}

/** Keeps a query from starving others, from outliving its asker, and from taking longer than its deadline. */
export class Pace {
  private readonly deadline: number;
  private readonly isCancelled: () => boolean;
  private sliceEnds: number;
  private readonly limitMs: number;

  constructor(limitMs: number, isCancelled: () => boolean = () => false) {
    this.limitMs = limitMs;
    this.deadline = performance.now() + limitMs;
    this.isCancelled = isCancelled;
    this.sliceEnds = performance.now() + sliceMs;
  }

  /** To be awaited between pieces of work. Throws ThroughlineError TL_QUERY_TIMEOUT, CancelledError. */
  step(): Promise<void> | undefined {
    const now = performance.now();
    if (now < this.sliceEnds) return undefined;
    return this.yield(now);
  }

  private async yield(now: number): Promise<void> {
    if (this.isCancelled()) throw new CancelledError();
    if (now > this.deadline) {
      throw new ThroughlineError("TL_QUERY_TIMEOUT", `The query took longer than ${this.limitMs} ms.`);
    }
    await nextTurn();
    if (this.isCancelled()) throw new CancelledError();
    this.sliceEnds = performance.now() + sliceMs;
  }
}
