import type { SystemStatus } from "@throughline/api";

export type Received = Pick<SystemStatus["ingest"], "spans" | "bytes" | "dropped">;

const stepMs = 10_000;
/** An hour. */
const stepsAtMost = 360;

/** How much came in over the last hour, in steps, for those who open the page later. */
export class IngestHistory {
  private readonly totals: () => Received;
  private readonly nowMs: () => number;
  private readonly since: number;
  private readonly steps: { endMs: number; spans: number; bytes: number; dropped: number }[] = [];
  private before: Received;
  private readonly timer: NodeJS.Timeout;

  constructor(totals: () => Received, nowMs: () => number = Date.now) {
    this.totals = totals;
    this.nowMs = nowMs;
    this.since = nowMs();
    this.before = totals();
    this.timer = setInterval(() => this.step(), stepMs).unref();
  }

  /** Ends the step that is under way. */
  step(): void {
    const now = this.totals();
    const { before } = this;
    this.before = now;
    const step = {
      endMs: this.nowMs(),
      spans: now.spans - before.spans,
      bytes: now.bytes - before.bytes,
      dropped: sumOf(now) - sumOf(before),
    };
    if (step.spans > 0 || step.dropped > 0) this.steps.push(step);
    const oldestMs = step.endMs - stepsAtMost * stepMs;
    while ((this.steps[0]?.endMs ?? Infinity) <= oldestMs) this.steps.shift();
  }

  status(): SystemStatus["ingest"] {
    return {
      since: new Date(this.since).toISOString(),
      ...this.totals(),
      stepMs,
      steps: this.steps.map(({ endMs, ...step }) => ({ at: new Date(endMs).toISOString(), ...step })),
    };
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

function sumOf({ dropped }: Received): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
