/** The bytes are not a protobuf message. `message` says what is wrong and at which byte. */
export class MalformedProtobufError extends Error {
  override readonly name = "MalformedProtobufError";
}

/** Wire types of the protobuf encoding. Groups (3, 4) are only ever skipped. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Nesting of skipped groups, as protobuf's own parsers limit it. */
const groupDepthLimit = 100;

/**
 * Pulls fields out of protobuf bytes. Every read is checked against the end of the message it stands in.
 * `next()` moves to a field; one read method, `enter` or `skip` then consumes it.
 * Throws MalformedProtobufError.
 */
export class ProtobufReader {
  /** Number and wire type of the field that `next` found. */
  field = 0;
  wire = 0;
  position: number;
  end: number;
  readonly bytes: Buffer;
  private readonly view: DataView;
  /** Halves of the last varint, as signed 32-bit numbers. */
  private low = 0;
  private high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = bytes.byteLength;
  }

  /** False at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false;
    this.readVarint();
    const tag = this.low >>> 0;
    if (this.high !== 0 || tag < 8) throw this.malformed("field number out of range");
    this.field = tag >>> 3;
    this.wire = tag & 7;
    return true;
  }

  /** Whether the present field is `field` in the encoding that its type has; one in another encoding is unknown. */
  is(field: number, wireType: number): boolean {
    return this.field === field && this.wire === wireType;
  }

  uint32(): number {
    this.readVarint();
    return this.low >>> 0;
  }

  int64(): bigint {
    this.readVarint();
    if (this.high === 0) return BigInt(this.low >>> 0);
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  bool(): boolean {
    this.readVarint();
    return (this.low | this.high) !== 0;
  }

  fixed32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  fixed64(): bigint {
    return this.view.getBigUint64(this.advance(8), true);
  }

  double(): number {
    return this.view.getFloat64(this.advance(8), true);
  }

  /** UTF-8; what is not becomes replacement characters. */
  string(): string {
    const length = this.length();
    const start = this.advance(length);
    return this.bytes.toString("utf8", start, start + length);
  }

  /** Lowercase hex. */
  hex(): string {
    const length = this.length();
    const start = this.advance(length);
    return this.bytes.toString("hex", start, start + length);
  }

  /** A copy. */
  bytesField(): Uint8Array {
    const length = this.length();
    const start = this.advance(length);
    return new Uint8Array(this.bytes.subarray(start, start + length));
  }

  /** Goes into an embedded message; hand what it returns to `leave`. */
  enter(): number {
    const length = this.length();
    const outerEnd = this.end;
    this.end = this.position + length;
    return outerEnd;
  }

  /** Goes to the end of the embedded message, whether it was read to its end or not. */
  leave(outerEnd: number): void {
    this.position = this.end;
    this.end = outerEnd;
  }

  skip(): void {
    this.skipField(this.field, this.wire, 0);
  }

  malformed(what: string): MalformedProtobufError {
    return new MalformedProtobufError(`${what} at byte ${this.position}`);
  }

  private skipField(field: number, wireType: number, depth: number): void {
    if (wireType === wire.varint) this.readVarint();
    else if (wireType === wire.fixed64) this.advance(8);
    else if (wireType === wire.bytes) this.advance(this.length());
    else if (wireType === wire.fixed32) this.advance(4);
    else if (wireType === wire.startGroup) this.skipGroup(field, depth);
    else
      throw this.malformed(
        wireType === wire.endGroup ? "end of a group that never began" : "no such wire type",
      );
  }

  private skipGroup(group: number, depth: number): void {
    if (depth >= groupDepthLimit) throw this.malformed("groups nested too deeply");
    while (this.next()) {
      if (this.wire === wire.endGroup) {
        if (this.field !== group) throw this.malformed("end of another group");
        return;
      }
      this.skipField(this.field, this.wire, depth + 1);
    }
    throw this.malformed("group without an end");
  }

  private length(): number {
    this.readVarint();
    const length = this.low >>> 0;
    if (this.high !== 0 || length > this.end - this.position) {
      throw this.malformed("length beyond the end of its message");
    }
    return length;
  }

  /** Steps over `length` bytes; returns where they begin. */
  private advance(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw this.malformed("message ends inside a field");
    this.position = start + length;
    return start;
  }

  private readVarint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw this.malformed("message ends inside a varint");
      const byte = this.bytes[this.position++] ?? 0;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
      if (byte < 0x80) {
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw this.malformed("varint longer than ten bytes");
  }
}
