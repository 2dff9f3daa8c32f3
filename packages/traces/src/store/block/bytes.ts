/** Writes the parts of a block: little-endian numbers, LEB128 varints, vectors. Grows by itself. */
export class ByteWriter {
  private buffer: Buffer;
  length = 0;

  constructor(capacity = 4_096) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** A view, until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeUInt32LE(value >>> 0, this.length);
  }

  u64(value: bigint): void {
    this.reserve(8);
    this.length = this.buffer.writeBigUInt64LE(value, this.length);
  }

  f64(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleLE(value, this.length);
  }

  /** Up to 2^53. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Its length first. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.block(Buffer.from(text, "utf8"));
  }

  /**
   * `count` numbers below 2^32, as wide as the largest needs: one byte for the width in bytes (0: all are equal, one varint follows;
   * 1, 2, 4), then the numbers. The count is the reader's to know.
   */
  vector(values: ArrayLike<number>, count: number): void {
    let largest = 0;
    let isConstant = true;
    const first = values[0] ?? 0;
    for (let at = 0; at < count; at++) {
      const value = values[at] ?? 0;
      if (value > largest) largest = value;
      if (value !== first) isConstant = false;
    }
    if (isConstant) {
      this.u8(0);
      this.varint(first);
      return;
    }
    const width = largest < 0x100 ? 1 : largest < 0x1_0000 ? 2 : 4;
    this.u8(width);
    this.reserve(count * width);
    const { buffer } = this;
    let to = this.length;
    for (let at = 0; at < count; at++) {
      const value = values[at] ?? 0;
      buffer[to++] = value;
      if (width === 1) continue;
      buffer[to++] = value >>> 8;
      if (width === 2) continue;
      buffer[to++] = value >>> 16;
      buffer[to++] = value >>> 24;
    }
    this.length = to;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}

/** The bytes of a block are not as they were written. */
export class DamagedBlockError extends Error {
  override readonly name = "DamagedBlockError";
}

/** Reads what ByteWriter wrote. Throws DamagedBlockError past the end. */
export class ByteReader {
  readonly buffer: Buffer;
  at: number;
  private readonly end: number;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    return this.buffer[this.advance(1)] ?? 0;
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.advance(4));
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.advance(8));
  }

  f64(): number {
    return this.buffer.readDoubleLE(this.advance(8));
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let bytes = 0; bytes < 8; bytes++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new DamagedBlockError("a number is too long");
  }

  raw(length: number): Buffer {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  block(): Buffer {
    return this.raw(this.varint());
  }

  /** The length of a block, which is passed over: a view of each of many would cost more than to read them. */
  skipBlock(): number {
    const length = this.varint();
    this.advance(length);
    return length;
  }

  skip(bytes: number): void {
    this.advance(bytes);
  }

  text(): string {
    return this.block().toString("utf8");
  }

  vector(count: number): Vector {
    const width = this.u8();
    if (width === 0) return new Vector(this.buffer, 0, 0, this.varint(), count);
    if (width !== 1 && width !== 2 && width !== 4) throw new DamagedBlockError("no such width of a vector");
    return new Vector(this.buffer, this.advance(count * width), width, 0, count);
  }

  private advance(bytes: number): number {
    const start = this.at;
    if (!(bytes >= 0) || start + bytes > this.end) throw new DamagedBlockError("a part ends too early");
    this.at = start + bytes;
    return start;
  }
}

/** A list of numbers, read where it lies. */
export class Vector {
  readonly length: number;
  /** The value of all, where they are equal; else undefined. */
  readonly constant: number | undefined;
  private readonly buffer: Buffer;
  private readonly from: number;
  private readonly width: number;
  private readonly value: number;

  constructor(buffer: Buffer, from: number, width: number, value: number, length: number) {
    this.buffer = buffer;
    this.from = from;
    this.width = width;
    this.value = value;
    this.length = length;
    this.constant = width === 0 ? value : undefined;
  }

  get(at: number): number {
    const { buffer, from, width } = this;
    if (width === 1) return buffer[from + at] ?? 0;
    if (width === 0) return this.value;
    if (width === 2) return (buffer[from + at * 2] ?? 0) | ((buffer[from + at * 2 + 1] ?? 0) << 8);
    return at < this.length ? buffer.readUInt32LE(from + at * 4) : 0;
  }
}
