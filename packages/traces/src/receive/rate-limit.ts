import type { Principal } from "../access.ts";

/** So many seconds of its rate a sender may send at once. */
const burstSeconds = 2;
/** A span's bytes, before it is known how large a sender's are. */
const usualSpanBytes = 500;

/** One thing that is limited: it may be overdrawn by one request, and is then empty for as long as that was too much. */
class Bucket {
  private readonly perSecond: number;
  private level: number;
  private atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.perSecond = perSecond;
    this.level = perSecond * burstSeconds;
    this.atMs = nowMs;
  }

  get rate(): number {
    return this.perSecond;
  }

  take(amount: number): void {
    this.level -= amount;
  }

  /** Seconds until there is something left; 0 where there is. */
  emptyFor(nowMs: number): number {
    const passed = Math.max(0, nowMs - this.atMs) / 1_000;
    this.atMs = nowMs;
    this.level = Math.min(this.perSecond * burstSeconds, this.level + passed * this.perSecond);
    return this.level > 0 ? 0 : -this.level / this.perSecond + 0.001;
  }
}

interface Allowance {
  spans: Bucket | undefined;
  bytes: Bucket | undefined;
  spanBytes: number;
}

/** What is left to senders with limits, by token. Every token of `tokens.json` has one entry at most. */
export class RateLimits {
  private readonly nowMs: () => number;
  private readonly allowances = new Map<string, Allowance>();

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** Seconds until the sender may send again; 0 where it may now. */
  waitOf(sender: Principal): number {
    const allowance = this.of(sender);
    if (allowance === undefined) return 0;
    const now = this.nowMs();
    return Math.max(allowance.spans?.emptyFor(now) ?? 0, allowance.bytes?.emptyFor(now) ?? 0);
  }

  /**
   * Takes a request of so many bytes. How many spans that are is known when they are stored: until then, as many count as the sender's
   * bytes held before. Returns what is to be told their true number.
   */
  take(sender: Principal, bytes: number): (spans: number) => void {
    const allowance = this.of(sender);
    if (allowance === undefined) return () => undefined;
    const expected = bytes / allowance.spanBytes;
    allowance.bytes?.take(bytes);
    allowance.spans?.take(expected);
    return (spans) => {
      allowance.spans?.take(spans - expected);
      if (spans > 0) allowance.spanBytes = Math.max(1, bytes / spans);
    };
  }

  private of({ id, limits: { spansPerSecond, bytesPerSecond } }: Principal): Allowance | undefined {
    if (spansPerSecond === undefined && bytesPerSecond === undefined) return undefined;
    const known = this.allowances.get(id);
    if (known?.spans?.rate === spansPerSecond && known?.bytes?.rate === bytesPerSecond) return known;
    const bucket = (rate: number | undefined): Bucket | undefined =>
      rate === undefined ? undefined : new Bucket(rate, this.nowMs());
    const made = {
      spans: bucket(spansPerSecond),
      bytes: bucket(bytesPerSecond),
      spanBytes: known?.spanBytes ?? usualSpanBytes,
    };
    this.allowances.set(id, made);
    return made;
  }
}
