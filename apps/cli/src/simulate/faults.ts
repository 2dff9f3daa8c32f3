import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What a simulator does wrong on purpose. */
const fault = z.strictObject({
  /** HTTP status instead of the work. */
  fail: z.number().int().min(400).max(599).optional(),
  /** The answer comes so much later; the work is done before. */
  delayMs: z.number().min(0).max(600_000).optional(),
  /** Share of requests that fail with `fail`, or 500: 0..1. */
  failRate: z.number().min(0).max(1).optional(),
  /** Requests a minute; 429 with Retry-After beyond. */
  throttle: z.number().int().positive().optional(),
  /** Share of connections cut without an answer, after the work: 0..1. */
  drop: z.number().min(0).max(1).optional(),
});
/** Faults for all, and for single request ids in place of them. */
export const faultsSchema = fault.extend({ requests: z.record(z.string(), fault).optional() });
export type Faults = z.infer<typeof faultsSchema>;
type Fault = z.infer<typeof fault>;

export interface Verdict {
  /** Answer this status and do nothing. */
  failStatus: number | undefined;
  /** Seconds for Retry-After, with status 429. */
  retryAfterSeconds: number | undefined;
  /** To be awaited between the work and the answer; true: cut the connection instead of answering. */
  beforeAnswer: () => Promise<boolean>;
}

/** Decides each request's fate. */
export class FaultPlan {
  private faults: Faults;
  private recent: number[] = [];

  constructor(faults: Faults) {
    this.faults = faults;
  }

  set(faults: Faults): void {
    this.faults = faults;
  }

  get current(): Faults {
    return this.faults;
  }

  judge(requestId: string | undefined): Verdict {
    const own: Fault | undefined = requestId === undefined ? undefined : this.faults.requests?.[requestId];
    const { fail, delayMs = 0, failRate, throttle, drop = 0 } = own ?? this.faults;
    const throttled = throttle !== undefined && this.isOver(throttle);
    const failsNow = failRate === undefined ? fail !== undefined : Math.random() < failRate;
    return {
      failStatus: throttled ? 429 : failsNow ? (fail ?? 500) : undefined,
      retryAfterSeconds: throttled || fail === 429 ? 1 : undefined,
      beforeAnswer: async () => {
        if (delayMs > 0) await sleep(delayMs);
        return Math.random() < drop;
      },
    };
  }

  private isOver(perMinute: number): boolean {
    const now = Date.now();
    this.recent = this.recent.filter((at) => at > now - 60_000);
    if (this.recent.length >= perMinute) return true;
    this.recent.push(now);
    return false;
  }
}
