import { wire } from "./protobuf-reader.ts";

/** Writes protobuf fields into one growing buffer. As in proto3, the caller leaves out zero and empty values. */
export class ProtobufWriter {
  private bytes: Buffer;
  private view: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** The written bytes in an ArrayBuffer of their own. */
  finish(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this.length);
    copy.set(this.bytes.subarray(0, this.length));
    return copy;
  }

  uint32(field: number, value: number): void {
    this.tag(field, wire.varint);
    this.varint(value);
  }

  int64(field: number, value: bigint): void {
    this.tag(field, wire.varint);
    this.reserve(10);
    let rest = BigInt.asUintN(64, value);
    if (rest <= 0xffff_ffffn) return this.varint(Number(rest));
    while (rest > 0x7fn) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0);
  }

  fixed32(field: number, value: number): void {
    this.tag(field, wire.fixed32);
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  fixed64(field: number, value: bigint): void {
    this.tag(field, wire.fixed64);
    this.reserve(8);
    this.view.setBigUint64(this.length, value, true);
    this.length += 8;
  }

  double(field: number, value: number): void {
    this.tag(field, wire.fixed64);
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  string(field: number, value: string): void {
    this.tag(field, wire.bytes);
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.reserve(size);
    this.length += this.bytes.write(value, this.length, size, "utf8");
  }

  hex(field: number, value: string): void {
    this.tag(field, wire.bytes);
    const size = value.length / 2;
    this.varint(size);
    this.reserve(size);
    this.length += this.bytes.write(value, this.length, size, "hex");
  }

  bytesField(field: number, value: Uint8Array): void {
    this.tag(field, wire.bytes);
    this.varint(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** An embedded message; its bytes move when its length needs more than one byte. */
  message(field: number, write: () => void): void {
    this.tag(field, wire.bytes);
    // Room for any length, so that writing it below never grows the buffer.
    this.reserve(5);
    const start = ++this.length;
    write();
    const size = this.length - start;
    const extra = varintSize(size) - 1;
    if (extra > 0) {
      this.reserve(extra);
      this.bytes.copyWithin(start + extra, start, this.length);
    }
    this.length = start - 1;
    this.varint(size);
    this.length += size;
  }

  private tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  /** Unsigned, at most 32 bits. */
  private varint(value: number): void {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + size));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) size++;
  return size;
}
