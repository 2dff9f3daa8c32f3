const failuresToOpen = 5;
const firstRestMs = 30_000;
const longestRestMs = 300_000;

/**
 * Spares a server that fails and the tickets that would wait for it: after five failures in a row it is left alone for 30 s, then one
 * ticket tries; each failure of such a try doubles the rest, up to 5 minutes. An answer closes it.
 */
export class CircuitBreaker {
  private readonly now: () => number;
  private failures = 0;
  private restMs = firstRestMs;
  private openUntil = 0;
  private isTrying = false;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** Milliseconds until it may be asked again; 0: ask now, and tell what came of it. */
  admit(): number {
    if (this.failures < failuresToOpen) return 0;
    const left = this.openUntil - this.now();
    if (left > 0) return left;
    if (this.isTrying) return this.restMs;
    this.isTrying = true;
    return 0;
  }

  succeeded(): void {
    this.failures = 0;
    this.restMs = firstRestMs;
    this.isTrying = false;
  }

  failed(): void {
    this.failures++;
    if (this.failures < failuresToOpen) return;
    if (this.isTrying) this.restMs = Math.min(longestRestMs, this.restMs * 2);
    this.isTrying = false;
    this.openUntil = this.now() + this.restMs;
  }

  /** The ticket was ended before the server showed anything. */
  dropped(): void {
    this.isTrying = false;
  }
}
