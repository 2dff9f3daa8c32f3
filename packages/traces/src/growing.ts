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

  taken(): Uint32Array<ArrayBuffer> {
    return this.numbers.slice(0, this.length);
  }
}

/** Texts one behind the other, as UTF-8. */
export class GrowingBytes {
  length = 0;
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);

  push(text: string): void {
    // UTF-16 units become three bytes each at most.
    const needed = this.length + text.length * 3;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.length += this.bytes.write(text, this.length);
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
