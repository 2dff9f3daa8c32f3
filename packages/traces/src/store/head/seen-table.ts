import { equalBytes } from "../hash.ts";

const slotsAtFirst = 131_072;
const entriesAtFirst = 65_536;
const bytesAtFirst = 1 << 20;
/** Memory for so many bytes is kept from one head to the next. */
const bytesKept = 32 << 20;

/** What became of bytes that came in before, so that they are parsed and cleaned once. Open addressing, linear probing, grows by itself. */
export class SeenTable {
  private slots = new Int32Array(slotsAtFirst);
  private hashes = new Int32Array(slotsAtFirst);
  /** By entry: where its bytes end in `bytes`, what kind they are, what became of them. */
  private ends = new Int32Array(entriesAtFirst);
  private kinds = new Uint8Array(entriesAtFirst);
  private results = new Int32Array(entriesAtFirst);
  private entries = 0;
  private bytes = Buffer.alloc(bytesAtFirst);
  private view = new DataView(this.bytes.buffer, this.bytes.byteOffset);

  get size(): number {
    return this.entries;
  }

  /** Forgets everything; keeps the memory, unless it is far more than usual. */
  clear(): void {
    this.entries = 0;
    if (this.bytes.length <= bytesKept) {
      this.slots.fill(0);
      return;
    }
    this.slots = new Int32Array(slotsAtFirst);
    this.hashes = new Int32Array(slotsAtFirst);
    this.ends = new Int32Array(entriesAtFirst);
    this.kinds = new Uint8Array(entriesAtFirst);
    this.results = new Int32Array(entriesAtFirst);
    this.bytes = Buffer.alloc(bytesAtFirst);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  }

  /** The entry of these bytes, -1 where there is none. */
  find(hash: number, kind: number, view: DataView, start: number, length: number): number {
    const { slots, hashes, ends, kinds } = this;
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = (slots[at] ?? 0) - 1;
      if (entry === -1) return -1;
      if (hashes[at] !== hash || kinds[entry] !== kind) continue;
      const from = entry === 0 ? 0 : (ends[entry - 1] ?? 0);
      if ((ends[entry] ?? 0) - from === length && equalBytes(this.view, from, view, start, length))
        return entry;
    }
  }

  result(entry: number): number {
    return this.results[entry] ?? 0;
  }

  add(hash: number, kind: number, from: Buffer, start: number, end: number, result: number): void {
    if (this.entries * 2 >= this.slots.length) this.growSlots();
    if (this.entries === this.ends.length) this.growEntries();
    const before = this.entries === 0 ? 0 : (this.ends[this.entries - 1] ?? 0);
    const after = before + end - start;
    if (after > this.bytes.length) this.growBytes(after);
    from.copy(this.bytes, before, start, end);
    this.ends[this.entries] = after;
    this.kinds[this.entries] = kind;
    this.results[this.entries] = result;
    this.put(hash, ++this.entries);
  }

  private put(hash: number, stored: number): void {
    const mask = this.slots.length - 1;
    let at = hash & mask;
    while (this.slots[at] !== 0) at = (at + 1) & mask;
    this.slots[at] = stored;
    this.hashes[at] = hash;
  }

  private growSlots(): void {
    const { slots, hashes } = this;
    this.slots = new Int32Array(slots.length * 2);
    this.hashes = new Int32Array(slots.length * 2);
    slots.forEach((stored, at) => {
      if (stored !== 0) this.put(hashes[at] ?? 0, stored);
    });
  }

  private growEntries(): void {
    const { ends, kinds, results } = this;
    this.ends = new Int32Array(ends.length * 2);
    this.kinds = new Uint8Array(ends.length * 2);
    this.results = new Int32Array(ends.length * 2);
    this.ends.set(ends);
    this.kinds.set(kinds);
    this.results.set(results);
  }

  private growBytes(atLeast: number): void {
    const grown = Buffer.alloc(Math.max(atLeast, this.bytes.length * 2));
    this.bytes.copy(grown);
    this.bytes = grown;
    this.view = new DataView(grown.buffer, grown.byteOffset);
  }
}
