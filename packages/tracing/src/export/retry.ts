import { setTimeout as sleep } from "node:timers/promises";
import type { SendOutcome } from "./transport.ts";

/** What one request came to; `retryAfterMs`: the receiver asks to wait so long before the next. */
export type Attempt = SendOutcome | { kind: "retry"; reason: string; retryAfterMs?: number };

const firstDelayMs = 250;
const longestDelayMs = 5_000;
/** A request that is tried with less time than this left would only be cut off. */
const leastTimeMs = 50;

/**
 * Exponential back-off with full jitter until the deadline (OTLP specification, "Retryable" failures); a receiver's own wish is a
 * minimum. `attempt` gets the milliseconds that are left, Infinity where nothing limits them.
 */
export async function withRetry(
  attempt: (leftMs: number) => Promise<Attempt>,
  deadlineMs: number,
  stop: AbortSignal,
): Promise<SendOutcome> {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    const outcome = await attempt(Math.max(leastTimeMs, deadlineMs - Date.now()));
    if (outcome.kind !== "retry") return outcome;
    const pauseMs = Math.max(Math.random() * delayMs, outcome.retryAfterMs ?? 0);
    const unreachable = { kind: "unreachable", reason: outcome.reason } as const;
    if (stop.aborted || Date.now() + pauseMs + leastTimeMs >= deadlineMs) return unreachable;
    await sleep(pauseMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
    if (stop.aborted) return unreachable;
  }
}
