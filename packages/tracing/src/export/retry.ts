import { setTimeout as sleep } from "node:timers/promises";
import type { SendOutcome } from "./transport.ts";

/** What one request came to; `retryAfterMs`: the receiver asks to wait so long before the next. */
export type Attempt = SendOutcome | { kind: "retry"; reason: string; retryAfterMs?: number };

const firstDelayMs = 250;
const longestDelayMs = 5_000;
/** A request that is tried with less time than this left would only be cut off. */
const leastTimeMs = 50;
/** The longest time that a timer can hold; with more it would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Exponential back-off with full jitter until the deadline (OTLP specification, "Retryable" failures); a receiver's own wish is a
 * minimum. `attempt` gets the milliseconds that are left, Infinity where nothing limits them. `stop` ends a wait at once.
 */
export async function withRetry(
  attempt: (leftMs: number) => Promise<Attempt>,
  deadlineMs: number,
  stop: AbortSignal,
): Promise<SendOutcome> {
  let reason = "the exporter is closed";
  for (let delayMs = firstDelayMs; !stop.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    const outcome = await attempt(Math.max(leastTimeMs, deadlineMs - Date.now()));
    if (outcome.kind !== "retry") return outcome;
    reason = outcome.reason;
    const pauseMs = Math.max(Math.random() * delayMs, outcome.retryAfterMs ?? 0);
    if (Date.now() + pauseMs + leastTimeMs >= deadlineMs) break;
    // It rejects only when `stop` ends it, which the loop then sees.
    await sleep(Math.min(pauseMs, longestTimerMs), undefined, { signal: stop, ref: false }).catch(() => {});
  }
  return { kind: "unreachable", reason };
}
