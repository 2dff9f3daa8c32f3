/** Which span has an id: an open-addressing table, as there may be 100,000 of them. */
export class IdIndex {
  /** Whether some id is several spans'. */
  readonly hasShared: boolean;
  private readonly spans: readonly { spanId: string }[];
  /** A span's number plus one; 0: free. */
  private readonly slots: Int32Array;

  constructor(spans: readonly { spanId: string }[]) {
    this.spans = spans;
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(spans.length * 2 + 2)));
    let hasShared = false;
    for (let at = 0; at < spans.length; at++) {
      const slot = this.slotOf(spans[at]?.spanId ?? "");
      if (this.slots[slot] === 0) this.slots[slot] = at + 1;
      else hasShared = true;
    }
    this.hasShared = hasShared;
  }

  /** The first span with the id; -1 where there is none. */
  firstOf(spanId: string): number {
    return (this.slots[this.slotOf(spanId)] ?? 0) - 1;
  }

  private slotOf(spanId: string): number {
    const { slots, spans } = this;
    const mask = slots.length - 1;
    let hash = 0;
    for (let at = 0; at < spanId.length; at++) hash = Math.imul(hash ^ spanId.charCodeAt(at), 0x9e3779b1);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const known = slots[slot] ?? 0;
      if (known === 0 || spans[known - 1]?.spanId === spanId) return slot;
    }
  }
}
