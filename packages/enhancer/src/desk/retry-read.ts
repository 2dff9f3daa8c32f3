import { setTimeout as sleep } from "node:timers/promises";
import { AnswerTooLong, DeskError } from "./desk.ts";

/** As ManageEngine and Zammad ask of their clients. */
const firstDelayMs = 2_000;

/** How patient a reader is. */
export interface Patience {
  /** For all attempts and the waits between them, milliseconds. */
  budgetMs: number;
  /** Also waits where the desk throttles; a worker does not: its queue lets the tenant rest instead. */
  waitsOutThrottle: boolean;
}

/**
 * Repeats what may be repeated: from 2 s on, doubling, or when the desk says; throws the last error as soon as the next attempt would
 * begin after the budget's end.
 */
export async function retryRead<T>(
  read: () => Promise<T>,
  { budgetMs, waitsOutThrottle }: Patience,
  signal: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + budgetMs;
  for (let delayMs = firstDelayMs; ; delayMs *= 2) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof DeskError) || error.kind === "permanent" || error instanceof AnswerTooLong)
        throw error;
      if (error.kind === "throttled" && !waitsOutThrottle) throw error;
      const waitMs = error.retryAfterMs ?? delayMs;
      if (Date.now() + waitMs >= deadline) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
