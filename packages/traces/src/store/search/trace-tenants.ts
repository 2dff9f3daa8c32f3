import { mergeLabels, severalTenants } from "../head/tenant-labels.ts";
import { hashTraceId } from "../hash.ts";
import type { Segment } from "./segment.ts";

/** With fewer traces than these, those that are gone are not worth forgetting. */
const forgetAtLeast = 200_000;

/**
 * Which tenant each trace is of, by what spans of trusted senders say (`tenant.id`), over everything that is stored: the spans of a trace
 * may lie in several segments. Filled when it is asked for the first time, and kept up with what comes in. An open-addressing table: there
 * may be millions.
 */
export class TraceTenants {
  private readonly numbers = new Map<string, number>();
  /** How far each segment was read. */
  private read = new WeakMap<object, number>();
  private used = 0;
  /** When everything had been read for the first time. */
  private usedAtFirst = 0;
  private ids = new Uint32Array(4 * 1_024);
  /** 0: the slot is free. */
  private labels = new Int32Array(1_024);
  private readonly words = new Uint32Array(4);

  /** To be called before it is asked anything about these segments. */
  update(segments: readonly Segment[]): void {
    if (this.used > Math.max(forgetAtLeast, this.usedAtFirst * 2)) {
      // Traces that retention deleted are forgotten: everything is read again.
      this.clear();
    }
    for (const { tenants } of segments) {
      const from = this.read.get(tenants.identity) ?? 0;
      const to = tenants.labels(from, (trace, tenant) => {
        tenants.traceWords(trace, this.words);
        this.add(this.words, tenant === undefined ? severalTenants : this.numberOf(tenant));
      });
      this.read.set(tenants.identity, to);
    }
    if (this.usedAtFirst === 0) this.usedAtFirst = this.used;
  }

  /** The number that stands for a tenant in `labelOf`. */
  numberOf(tenant: string): number {
    const known = this.numbers.get(tenant) ?? this.numbers.size + 1;
    this.numbers.set(tenant, known);
    return known;
  }

  /** 0 where no trusted span of the trace names a tenant, `severalTenants` where they name several. */
  labelOf(words: Uint32Array): number {
    return this.labels[this.slotOf(words)] ?? 0;
  }

  private add(words: Uint32Array, label: number): void {
    let slot = this.slotOf(words);
    const known = this.labels[slot] ?? 0;
    if (known === 0) {
      if (this.used * 2 >= this.labels.length) {
        this.grow();
        slot = this.slotOf(words);
      }
      this.ids.set(words, slot * 4);
      this.used++;
    }
    this.labels[slot] = mergeLabels(known, label);
  }

  private slotOf(words: Uint32Array): number {
    const { ids, labels } = this;
    const [a = 0, b = 0, c = 0, d = 0] = words;
    const mask = labels.length - 1;
    for (let slot = hashTraceId(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      if (labels[slot] === 0) return slot;
      const at = slot * 4;
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d) return slot;
    }
  }

  private grow(): void {
    const { ids, labels } = this;
    this.ids = new Uint32Array(ids.length * 2);
    this.labels = new Int32Array(labels.length * 2);
    for (let slot = 0; slot < labels.length; slot++) {
      const label = labels[slot] ?? 0;
      if (label === 0) continue;
      const words = ids.subarray(slot * 4, slot * 4 + 4);
      const to = this.slotOf(words);
      this.ids.set(words, to * 4);
      this.labels[to] = label;
    }
  }

  private clear(): void {
    this.read = new WeakMap();
    this.used = this.usedAtFirst = 0;
    this.ids = new Uint32Array(4 * 1_024);
    this.labels = new Int32Array(1_024);
  }
}
