/** How long one attempt at a ticket may take. */
export interface AttemptLimits {
  /** Ends the attempt: every call under way is cancelled. */
  signal: AbortSignal;
  /** From here on the attempt winds up: what is not there yet is left out, and the note is written from what there is. Milliseconds since the epoch. */
  windUpAt: number;
}

/** Named as the platform's own, so that spans tell `error.type=timeout`. */
class OverTime extends Error {
  override readonly name = "TimeoutError";
}

/** The clock of one attempt; `clear` when it ended. */
export class AttemptClock {
  readonly limits: AttemptLimits;
  private readonly hard = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(softMs: number, hardMs: number) {
    const late = () => this.cancel(new OverTime(`The job took longer than ${hardMs / 1_000} s.`));
    this.timer = setTimeout(late, hardMs);
    this.limits = { signal: this.hard.signal, windUpAt: Date.now() + softMs };
  }

  cancel(reason: Error): void {
    this.hard.abort(reason);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}
