/** Of a head that holds many distinct values. */
const keptSlots = 1_048_576;

/** Numbers of entries by hash: open addressing, linear probing, grows by itself. What equality means is the caller's. */
export class HashTable {
  private slots: Int32Array;
  private hashes: Int32Array;
  private used = 0;

  constructor(slots = 4_096) {
    this.slots = new Int32Array(slots);
    this.hashes = new Int32Array(slots);
  }

  /** Forgets everything; keeps the memory, unless it is far more than usual. */
  clear(): void {
    this.used = 0;
    if (this.slots.length <= keptSlots) this.slots.fill(0);
    else {
      this.slots = new Int32Array(keptSlots);
      this.hashes = new Int32Array(keptSlots);
    }
  }

  /** The entry with this hash that `equals`; -1 where there is none. */
  find(hash: number, equals: (entry: number) => boolean): number {
    const mask = this.slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.slots[at] ?? 0;
      if (entry === 0) return -1;
      if (this.hashes[at] === hash && equals(entry - 1)) return entry - 1;
    }
  }

  add(hash: number, entry: number): void {
    if (this.used * 2 >= this.slots.length) this.grow();
    this.put(hash, entry + 1);
    this.used++;
  }

  private put(hash: number, stored: number): void {
    const mask = this.slots.length - 1;
    let at = hash & mask;
    while (this.slots[at] !== 0) at = (at + 1) & mask;
    this.slots[at] = stored;
    this.hashes[at] = hash;
  }

  private grow(): void {
    const { slots, hashes } = this;
    this.slots = new Int32Array(slots.length * 2);
    this.hashes = new Int32Array(slots.length * 2);
    slots.forEach((stored, at) => {
      if (stored !== 0) this.put(hashes[at] ?? 0, stored);
    });
  }
}
