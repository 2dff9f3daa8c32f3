const firstBytes = 16 * 1024;
/** Strings up to this are copied here, longer ones by the runtime. */
const shortString = 64;

/** Values of hexadecimal digits by character code; 0 for what is none. */
const nibbles = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  nibbles[text.charCodeAt(0)] = digit;
  nibbles[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Writes protobuf from the end of a buffer to its start: a message's length is known once its fields are written, so
 * nothing is written twice. Fields are therefore given last to first: `const end = mark(); ...fields...; close(n, end)`.
 * A mark is a distance from the buffer's end, so it survives growth. Empty strings and zeros are the caller's to leave out.
 */
export class ProtobufWriter {
  private buffer = Buffer.allocUnsafe(firstBytes);
  /** Where the last write begins. */
  private at = firstBytes;

  /** What was written before `end` and after `start`, which are marks; it is a view that the next write may leave behind. */
  bytes(start = 0): Uint8Array {
    return this.buffer.subarray(this.at, this.buffer.length - start);
  }

  /** As `bytes`, but to keep. (`slice` of a Buffer is a view.) */
  copy(start = 0): Uint8Array {
    return new Uint8Array(this.bytes(start));
  }

  /** Bytes of the buffer. */
  get capacity(): number {
    return this.buffer.length;
  }

  mark(): number {
    return this.buffer.length - this.at;
  }

  /** Takes back what was written since a mark. */
  rewind(mark: number): void {
    this.at = this.buffer.length - mark;
  }

  /** Empties the writer; its buffer stays. */
  reset(): void {
    this.at = this.buffer.length;
  }

  /** Gives what was written since a mark its length and field number. */
  close(field: number, mark: number): void {
    this.reserve(12);
    this.header(field, this.buffer.length - this.at - mark);
  }

  /** Changes the byte right before a mark, counted from the end. */
  patch(mark: number, byte: number): void {
    this.buffer[this.buffer.length - mark - 1] = byte;
  }

  string(field: number, value: string): void {
    const length = value.length;
    this.reserve(shortString + 12);
    if (length <= shortString && this.ascii(value)) {
      this.header(field, length);
      return;
    }
    const bytes = Buffer.byteLength(value);
    this.reserve(bytes + 12);
    this.at -= bytes;
    this.buffer.write(value, this.at, bytes, "utf8");
    this.header(field, bytes);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.at -= bytes.length;
    this.buffer.set(bytes, this.at);
  }

  lengthDelimited(field: number, value: Uint8Array): void {
    this.reserve(value.length + 12);
    this.at -= value.length;
    this.buffer.set(value, this.at);
    this.header(field, value.length);
  }

  /** Bytes given as hex digits: trace and span ids. */
  hex(field: number, digits: string): void {
    const length = digits.length >>> 1;
    this.reserve(length + 12);
    const { buffer } = this;
    let { at } = this;
    for (let from = length * 2 - 2; from >= 0; from -= 2) {
      const high = nibbles[digits.charCodeAt(from)] ?? 0;
      buffer[--at] = (high << 4) | (nibbles[digits.charCodeAt(from + 1)] ?? 0);
    }
    this.at = at;
    this.header(field, length);
  }

  /** A whole number from 0 to 2^53. */
  uint(field: number, value: number): void {
    this.reserve(12);
    this.varint(value);
    this.buffer[--this.at] = field << 3;
  }

  /** int64: a negative number takes ten bytes, in two's complement. */
  int(field: number, value: number): void {
    this.reserve(12);
    if (value >= 0) this.varint(value);
    else this.bigVarint(BigInt.asUintN(64, BigInt(value)));
    this.buffer[--this.at] = field << 3;
  }

  /** int64 beyond what a number holds exactly. */
  bigInt(field: number, value: bigint): void {
    this.reserve(12);
    this.bigVarint(BigInt.asUintN(64, value));
    this.buffer[--this.at] = field << 3;
  }

  double(field: number, value: number): void {
    this.reserve(12);
    this.at -= 8;
    this.buffer.writeDoubleLE(value, this.at);
    this.buffer[--this.at] = (field << 3) | 1;
  }

  /** A time in nanoseconds as fixed64; exact without BigInt: the product is split at 16 bits of the seconds. */
  nanos(field: number, seconds: number, nanoseconds: number): void {
    const upper = Math.floor(seconds / 0x10000) * 1e9;
    const lower = (upper % 0x10000) * 0x10000 + (seconds % 0x10000) * 1e9 + nanoseconds;
    const high = Math.floor(upper / 0x10000) + Math.floor(lower / 0x100000000);
    this.reserve(12);
    this.uint32(high);
    this.uint32(lower % 0x100000000);
    this.buffer[--this.at] = (field << 3) | 1;
  }

  fixed32(field: number, value: number): void {
    this.reserve(12);
    this.uint32(value);
    this.fixed32Tag(field);
  }

  private fixed32Tag(field: number): void {
    this.varint((field << 3) | 5);
  }

  private uint32(value: number): void {
    const { buffer, at } = this;
    buffer[at - 1] = value >>> 24;
    buffer[at - 2] = value >>> 16;
    buffer[at - 3] = value >>> 8;
    buffer[at - 4] = value;
    this.at = at - 4;
  }

  /** Says whether the text was ASCII, and so written. */
  private ascii(value: string): boolean {
    const { buffer } = this;
    let { at } = this;
    for (let from = value.length - 1; from >= 0; from--) {
      const code = value.charCodeAt(from);
      if (code > 0x7f) return false;
      buffer[--at] = code;
    }
    this.at = at;
    return true;
  }

  private header(field: number, length: number): void {
    if (length < 0x80 && field < 16) {
      this.buffer[--this.at] = length;
      this.buffer[--this.at] = (field << 3) | 2;
      return;
    }
    this.varint(length);
    this.varint((field << 3) | 2);
  }

  private varint(value: number): void {
    if (value < 0x80) {
      this.buffer[--this.at] = value;
      return;
    }
    if (value > 0xffffffff) {
      this.bigVarint(BigInt(value));
      return;
    }
    let length = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
    this.at -= length;
    let rest = value;
    for (let byte = 0; byte < length - 1; byte++, rest >>>= 7)
      this.buffer[this.at + byte] = (rest & 0x7f) | 0x80;
    this.buffer[this.at + length - 1] = rest & 0x7f;
  }

  private bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.at -= bytes.length;
    this.buffer.set(bytes, this.at);
  }

  private reserve(length: number): void {
    if (length <= this.at) return;
    const used = this.buffer.length - this.at;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, used + length));
    this.buffer.copy(grown, grown.length - used, this.at);
    this.at = grown.length - used;
    this.buffer = grown;
  }
}
