import { type RateDecision, type RateLimiter, windowMs } from "./rate-limiter.ts";

/** The times of what was taken, oldest first, in a ring that grows up to the limit. */
class Ring {
  private times = new Float64Array(16);
  private start = 0;
  size = 0;

  /** Forgets what is as old as the window. */
  expire(nowMs: number): void {
    while (this.size > 0 && this.oldest() <= nowMs - windowMs) {
      this.start = (this.start + 1) % this.times.length;
      this.size--;
    }
  }

  oldest(): number {
    return this.times[this.start] ?? 0;
  }

  push(nowMs: number): void {
    if (this.size === this.times.length) this.grow();
    this.times[(this.start + this.size++) % this.times.length] = nowMs;
  }

  private grow(): void {
    const larger = new Float64Array(this.times.length * 2);
    for (let at = 0; at < this.size; at++)
      larger[at] = this.times[(this.start + at) % this.times.length] ?? 0;
    this.times = larger;
    this.start = 0;
  }
}

const keysAtMost = 100_000;

/** For one receiver. The clock never runs backwards: milliseconds, from wherever. */
export class MemoryRateLimiter implements RateLimiter {
  private readonly rings = new Map<string, Ring>();
  private readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  take(key: string, limit: number): RateDecision {
    const nowMs = this.now();
    let ring = this.rings.get(key);
    if (ring === undefined) {
      if (this.rings.size >= keysAtMost) this.makeRoom(nowMs);
      ring = new Ring();
      this.rings.set(key, ring);
    }
    ring.expire(nowMs);
    const isAllowed = ring.size < limit;
    if (isAllowed) ring.push(nowMs);
    return {
      isAllowed,
      remaining: Math.max(0, limit - ring.size),
      resetMs: ring.size === 0 ? 0 : ring.oldest() + windowMs - nowMs,
    };
  }

  /** Whether a key could take one more, without taking it. */
  isSpent(key: string, limit: number): boolean {
    const ring = this.rings.get(key);
    if (ring === undefined) return false;
    ring.expire(this.now());
    return ring.size >= limit;
  }

  /**
   * A tenth of the keys goes, idle ones first, so that keys that anybody may invent neither fill the memory nor cost a look at all of
   * them each time.
   */
  private makeRoom(nowMs: number): void {
    for (const [key, ring] of this.rings) {
      ring.expire(nowMs);
      if (ring.size === 0) this.rings.delete(key);
    }
    for (const key of this.rings.keys()) {
      if (this.rings.size <= keysAtMost * 0.9) break;
      this.rings.delete(key);
    }
  }
}
