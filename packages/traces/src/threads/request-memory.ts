/**
 * Memory that requests are received into and that the ingest thread reads from without a copy: shared, allocated once, used again. (An
 * ArrayBuffer for each request costs more in garbage collection than its spans cost to decode.)
 */
export class RequestMemory {
  readonly buffer: SharedArrayBuffer;
  /** Free ranges by offset, neighbours joined. The lowest is taken first, so that little of the memory is ever touched. */
  private free: { offset: number; length: number }[];

  constructor(bytes: number) {
    this.buffer = new SharedArrayBuffer(bytes);
    this.free = [{ offset: 0, length: bytes }];
  }

  /** undefined where so much is not free in one piece. */
  take(bytes: number): Lease | undefined {
    const length = Math.ceil(Math.max(1, bytes) / 4_096) * 4_096;
    const range = this.free.find((one) => one.length >= length);
    if (range === undefined) return undefined;
    const { offset } = range;
    range.offset += length;
    range.length -= length;
    if (range.length === 0) this.free.splice(this.free.indexOf(range), 1);
    let isHeld = true;
    return {
      bytes: new Uint8Array(this.buffer, offset, bytes),
      release: () => {
        if (isHeld) this.give(offset, length);
        isHeld = false;
      },
    };
  }

  private give(offset: number, length: number): void {
    const at = this.free.findIndex((range) => range.offset > offset);
    this.free.splice(at === -1 ? this.free.length : at, 0, { offset, length });
    this.free = this.free.reduce<{ offset: number; length: number }[]>((joined, range) => {
      const last = joined.at(-1);
      if (last !== undefined && last.offset + last.length === range.offset) last.length += range.length;
      else joined.push(range);
      return joined;
    }, []);
  }
}

export interface Lease {
  bytes: Uint8Array;
  /** May be called more than once. The bytes must not be looked at afterwards. */
  release(): void;
}
