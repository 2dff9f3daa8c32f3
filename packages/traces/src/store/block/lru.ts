/** What was used last, up to so many units of weight. */
export class Lru<K, V> {
  private readonly entries = new Map<K, { value: V; weight: number }>();
  private readonly limit: number;
  private weight = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V, weight: number): void {
    this.delete(key);
    this.entries.set(key, { value, weight });
    this.weight += weight;
    for (const oldest of this.entries.keys()) {
      if (this.weight <= this.limit || this.entries.size === 1) break;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.weight -= entry.weight;
    this.entries.delete(key);
  }

  /** Forgets every key that `isGone`. */
  prune(isGone: (key: K) => boolean): void {
    for (const key of this.entries.keys()) if (isGone(key)) this.delete(key);
  }
}
