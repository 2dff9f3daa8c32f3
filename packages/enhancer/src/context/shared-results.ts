import { beforeEnd } from "./before-end.ts";

/** How many results are kept at most; the one that was not asked for longest goes first. */
const keptAtMost = 1_000;

interface Entry<T> {
  result: Promise<T>;
  expiresAt: number;
  /** Still being made: how many wait for it, and what ends it. */
  making: { waiters: number; stop: AbortController } | undefined;
}

/**
 * Results that are kept for a time, and made once however many ask at the same moment. What fails is not kept. Whoever stops
 * waiting leaves the others alone; when nobody waits any more, the making is ended.
 */
export class SharedResults<T> {
  private readonly entries = new Map<string, Entry<T>>();

  async get(
    key: string,
    options: { signal: AbortSignal; keepMs: number; make: (signal: AbortSignal) => Promise<T> },
  ): Promise<{ value: T; hit: boolean }> {
    options.signal.throwIfAborted();
    const known = this.entries.get(key);
    const isUsable = known !== undefined && (known.making !== undefined || known.expiresAt > Date.now());
    if (isUsable) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return { value: await this.wait(key, known, options.signal), hit: true };
    }
    const entry = this.begin(key, options);
    return { value: await this.wait(key, entry, options.signal), hit: false };
  }

  private begin(
    key: string,
    { keepMs, make }: { keepMs: number; make: (signal: AbortSignal) => Promise<T> },
  ): Entry<T> {
    const stop = new AbortController();
    const entry: Entry<T> = { result: make(stop.signal), expiresAt: 0, making: { waiters: 0, stop } };
    entry.result.then(
      () => {
        entry.making = undefined;
        entry.expiresAt = Date.now() + keepMs;
      },
      () => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    this.entries.set(key, entry);
    for (const [oldest, { making }] of this.entries) {
      if (this.entries.size <= keptAtMost) break;
      if (making === undefined) this.entries.delete(oldest);
    }
    return entry;
  }

  private async wait(key: string, entry: Entry<T>, signal: AbortSignal): Promise<T> {
    const { making } = entry;
    if (making === undefined) return entry.result;
    making.waiters++;
    try {
      return await beforeEnd(signal, () => entry.result);
    } finally {
      making.waiters--;
      if (making.waiters === 0 && entry.making !== undefined) {
        if (this.entries.get(key) === entry) this.entries.delete(key);
        making.stop.abort(signal.reason);
      }
    }
  }
}
