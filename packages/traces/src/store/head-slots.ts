import { ThroughlineError } from "@throughline/api/errors";
import type { HeadBuffers, HeadSize } from "./head/layout.ts";

/** Heads at once: one is filled, the others wait to become blocks. */
const headsAtMost = 3;

interface Slot {
  size: HeadSize;
  buffers: HeadBuffers;
  rows: () => number;
  logBytes: () => number;
}

/** Bounds the memory of heads: no more than `headsAtMost` at once, whose buffers are used again. */
export class HeadSlots {
  readonly size: HeadSize;
  private readonly roomWithinMs: number;
  private readonly taken = new Map<number, Slot>();
  private readonly free: HeadBuffers[] = [];
  private waiting: (() => void)[] = [];
  private isClosed = false;

  /**
   * `size`: of heads as they usually are; others are not kept for use again. `roomWithinMs`: so long a request waits for a head to become
   * free before it is refused.
   */
  constructor(size: HeadSize, roomWithinMs: number) {
    this.size = size;
    this.roomWithinMs = roomWithinMs;
  }

  take(id: number, slot: Slot): void {
    this.taken.set(id, slot);
  }

  /** Buffers of a head that was released, if there are some of that size. */
  reuse(size: HeadSize): HeadBuffers | undefined {
    return size.rows === this.size.rows ? this.free.pop() : undefined;
  }

  release(id: number): void {
    const slot = this.taken.get(id);
    this.taken.delete(id);
    if (slot?.size.rows === this.size.rows && this.free.length < headsAtMost) this.free.push(slot.buffers);
    this.wake();
  }

  ids(): number[] {
    return [...this.taken.keys()];
  }

  stats(): { heads: number; rows: number; logBytes: number } {
    let rows = 0;
    let logBytes = 0;
    for (const slot of this.taken.values()) {
      rows += slot.rows();
      logBytes += slot.logBytes();
    }
    return { heads: this.taken.size, rows, logBytes };
  }

  /** Waits for a head to become free. Throws ThroughlineError TL_OVERLOADED. */
  async room(): Promise<void> {
    const until = performance.now() + this.roomWithinMs;
    while (this.taken.size >= headsAtMost) {
      const left = until - performance.now();
      if (left <= 0 || this.isClosed) {
        throw new ThroughlineError(
          "TL_OVERLOADED",
          "Spans come in faster than they can be written to blocks.",
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Ends every wait. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const go of waiting) go();
  }
}
