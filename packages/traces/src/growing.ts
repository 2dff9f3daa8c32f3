/** A column whose length is not known before. */
export class GrowingNumbers {
  length = 0;
  private numbers: Uint32Array<ArrayBuffer>;

  constructor(expected = 16) {
    this.numbers = new Uint32Array(Math.max(expected, 16));
  }

  push(number: number): void {
    if (this.length === this.numbers.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[this.length++] = number;
  }

  get(at: number): number {
    return this.numbers[at] ?? 0;
  }

  /** A view, until the next number. */
  view(): Uint32Array<ArrayBuffer> {
    return this.numbers.subarray(0, this.length);
  }

  taken(): Uint32Array<ArrayBuffer> {
    return this.numbers.slice(0, this.length);
  }
}

const fewBytes = 48;

/** Texts one behind the other, as UTF-8. */
export class GrowingBytes {
  length = 0;
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);

  push(text: string): void {
    // UTF-16 units become three bytes each at most.
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  pushBytes(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let to = this.length;
    this.length += end - start;
    // The call costs more than a few bytes.
    if (end - start > fewBytes) from.copy(bytes, to, start, end);
    else for (let at = start; at < end; at++) bytes[to++] = from[at] ?? 0;
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  taken(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.bytes.subarray(0, this.length));
  }
}

/** Values by number, each once. */
export class Numbering<T> {
  readonly values: T[] = [];
  private readonly numbers = new Map<T, number>();
  private last: T | undefined;
  private lastNumber = 0;

  of(value: T): number {
    // Neighbours are often alike.
    if (value === this.last) return this.lastNumber;
    let number = this.numbers.get(value);
    if (number === undefined) this.numbers.set(value, (number = this.values.push(value) - 1));
    this.last = value;
    this.lastNumber = number;
    return number;
  }
}
