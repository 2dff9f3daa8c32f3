import { ThroughlineError } from "@throughline/api";

const knownAtMost = 10_000;

/** Makes guessing slow: who was wrong many times, by address or by name, waits. */
export class Guesses {
  private readonly atOnce: number;
  private readonly forgivenPerSecond: number;
  private readonly nowMs: () => number;
  private readonly wrong = new Map<string, { count: number; atMs: number }>();

  constructor(atOnce: number, forgivenPerSecond: number, nowMs: () => number = () => performance.now()) {
    this.atOnce = atOnce;
    this.forgivenPerSecond = forgivenPerSecond;
    this.nowMs = nowMs;
  }

  /** Throws TL_LOGIN_THROTTLED where one of `keys` was wrong too often. */
  check(...keys: string[]): void {
    const most = Math.max(...keys.map((key) => this.countOf(key)));
    if (most < this.atOnce) return;
    const seconds = Math.ceil((most - this.atOnce + 1) / this.forgivenPerSecond);
    throw new ThroughlineError(
      "TL_LOGIN_THROTTLED",
      `Too many wrong passwords: try again in ${seconds} seconds.`,
    );
  }

  isOver(key: string): boolean {
    return this.countOf(key) >= this.atOnce;
  }

  count(...keys: string[]): void {
    for (const key of keys) {
      const count = this.countOf(key) + 1;
      this.wrong.delete(key);
      this.wrong.set(key, { count, atMs: this.nowMs() });
      const [oldest] = this.wrong.keys();
      if (this.wrong.size > knownAtMost && oldest !== undefined) this.wrong.delete(oldest);
    }
  }

  forget(key: string): void {
    this.wrong.delete(key);
  }

  private countOf(key: string): number {
    const known = this.wrong.get(key);
    if (known === undefined) return 0;
    return Math.max(0, known.count - ((this.nowMs() - known.atMs) / 1_000) * this.forgivenPerSecond);
  }
}
