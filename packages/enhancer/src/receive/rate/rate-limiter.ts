/** Windows are a minute: `--rate 100/min`. */
export const windowMs = 60_000;

export interface RateDecision {
  isAllowed: boolean;
  /** Requests that would still be taken now. */
  remaining: number;
  /** Until the oldest request leaves the window, and another is taken; milliseconds. 0 where none is in it. */
  resetMs: number;
}

/**
 * An exact sliding window: in any 60 s at most `limit` requests of one key are taken. What is refused does not count. One file in memory,
 * one on Redis; a property test compares each with a model.
 */
export interface RateLimiter {
  /** Throws where the count cannot be kept. */
  take(key: string, limit: number): RateDecision | Promise<RateDecision>;
  close?(): Promise<void>;
}

/**
 * `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-10, structured fields: seconds are whole and rounded up, so
 * that who waits for them is taken.
 */
export function rateFields({ remaining, resetMs }: RateDecision, limit: number): Record<string, string> {
  return {
    "ratelimit-policy": `"tenant";q=${limit};w=${windowMs / 1_000}`,
    ratelimit: `"tenant";r=${remaining};t=${wholeSeconds(resetMs)}`,
  };
}

export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
