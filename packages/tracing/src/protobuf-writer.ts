const firstBytes = 16 * 1024;

/**
 * Writes protobuf from the end of a buffer to its start: a message's length is known once its fields are written, so
 * nothing is written twice. Fields are therefore given last to first. Empty strings and zero ids are the caller's to leave out.
 */
export class ProtobufWriter {
  private buffer = Buffer.allocUnsafe(firstBytes);
  /** Where the last write begins. */
  private at = firstBytes;

  bytes(): Uint8Array {
    return this.buffer.subarray(this.at);
  }

  message(field: number, fill: () => void): void {
    const end = this.buffer.length - this.at;
    fill();
    const length = this.buffer.length - this.at - end;
    this.varint(length);
    this.tag(field, 2);
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.reserve(length);
    this.at -= length;
    this.buffer.write(value, this.at, length, "utf8");
    this.varint(length);
    this.tag(field, 2);
  }

  lengthDelimited(field: number, value: Uint8Array): void {
    this.reserve(value.length);
    this.at -= value.length;
    this.buffer.set(value, this.at);
    this.varint(value.length);
    this.tag(field, 2);
  }

  /** Bytes given as hex digits: trace and span ids. */
  hex(field: number, digits: string): void {
    const length = digits.length >>> 1;
    this.reserve(length);
    this.at -= length;
    this.buffer.write(digits, this.at, length, "hex");
    this.varint(length);
    this.tag(field, 2);
  }

  /** A whole number from 0 to 2^53. */
  uint(field: number, value: number): void {
    this.varint(value);
    this.tag(field, 0);
  }

  /** int64: a negative number takes ten bytes, in two's complement. */
  int(field: number, value: number): void {
    if (value >= 0) this.varint(value);
    else this.bigVarint(BigInt.asUintN(64, BigInt(value)));
    this.tag(field, 0);
  }

  double(field: number, value: number): void {
    this.reserve(8);
    this.at -= 8;
    this.buffer.writeDoubleLE(value, this.at);
    this.tag(field, 1);
  }

  fixed64(field: number, value: bigint): void {
    this.reserve(8);
    this.at -= 8;
    this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.at);
    this.tag(field, 1);
  }

  fixed32(field: number, value: number): void {
    this.reserve(4);
    this.at -= 4;
    this.buffer.writeUInt32LE(value, this.at);
    this.tag(field, 5);
  }

  private tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  private varint(value: number): void {
    if (value > 0xffffffff) {
      this.bigVarint(BigInt(value));
      return;
    }
    let length = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
    this.reserve(length);
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
    this.reserve(bytes.length);
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
