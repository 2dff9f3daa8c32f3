import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import type { SimulatedAnswer } from "./http.ts";

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
  /** What comes in place of a right answer, with `failRate` for a share of requests; nothing is done but for `cut`. */
  answer: z.enum(["hang", "garbage", "endless", "bomb", "cut", "inner"]).optional(),
  /** Reads are hit too, not only what writes. */
  reads: z.boolean().optional(),
});
/** Faults for all, and for single request ids in place of them. */
export const faultsSchema = fault.extend({ requests: z.record(z.string(), fault).optional() });
export type Faults = z.infer<typeof faultsSchema>;
type Fault = z.infer<typeof fault>;

export interface Verdict {
  /** Answer this status and do nothing. */
  failStatus: number | undefined;
  /** Answer like this instead. */
  answer: Fault["answer"];
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
    const { fail, delayMs = 0, failRate, throttle, drop = 0, answer } = own ?? this.faults;
    const throttled = throttle !== undefined && this.isOver(throttle);
    const isHit = failRate === undefined || Math.random() < failRate;
    const failsNow = isHit && (fail !== undefined || (failRate !== undefined && answer === undefined));
    return {
      failStatus: throttled ? 429 : failsNow ? (fail ?? 500) : undefined,
      answer: isHit && !throttled ? answer : undefined,
      retryAfterSeconds: throttled || fail === 429 ? 1 : undefined,
      beforeAnswer: async () => {
        if (delayMs > 0) await sleep(delayMs);
        return Math.random() < drop;
      },
    };
  }

  /** Whether reads are to be judged, too. */
  hitsReads(requestId: string | undefined): boolean {
    const own: Fault | undefined = requestId === undefined ? undefined : this.faults.requests?.[requestId];
    return (own ?? this.faults).reads === true;
  }

  private isOver(perMinute: number): boolean {
    const now = Date.now();
    this.recent = this.recent.filter((at) => at > now - 60_000);
    if (this.recent.length >= perMinute) return true;
    this.recent.push(now);
    return false;
  }
}

const bombBytes = 64 * 1024 * 1024;

/** Answers that no client should swallow; `inner` is the simulator's own business. */
export function brokenAnswer(
  answer: "hang" | "garbage" | "endless" | "bomb" | "cut",
  right: string,
): SimulatedAnswer {
  const headers = { "content-type": "application/json" };
  if (answer === "hang") return { hang: true };
  if (answer === "garbage") return { status: 200, headers, body: `<html>${"\uFFFD".repeat(50)}{"a": [` };
  if (answer === "endless") return { status: 200, headers, body: endless() };
  if (answer === "cut")
    return {
      cutAfter: right.slice(0, right.length / 2),
      headers: { ...headers, "content-length": String(Buffer.byteLength(right)) },
    };
  const body = gzipSync(Buffer.alloc(bombBytes, " "));
  return { status: 200, headers: { ...headers, "content-encoding": "gzip" }, body };
}

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield " ".repeat(64 * 1024);
    await sleep(0);
  }
}
