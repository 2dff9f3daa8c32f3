import { thrift, ThriftReader } from "./thrift-reader.ts";

const protocol = 0x82;
const call = 1;
const oneway = 4;
/** Types of the compact protocol as those of the binary one; 1 and 2 are a true and a false. */
const types = [
  thrift.stop,
  thrift.bool,
  thrift.bool,
  thrift.byte,
  thrift.i16,
  thrift.i32,
  thrift.i64,
  thrift.double,
  thrift.binary,
  thrift.list,
  thrift.set,
  thrift.map,
  thrift.struct,
] as const;

/** Thrift's compact protocol: varints, zigzag, field ids as differences. */
export class CompactThriftReader extends ThriftReader {
  /** A bool field's value stands in its type. */
  private fieldBool: boolean | undefined;

  message(): string {
    if (this.take(1)[0] !== protocol) throw this.malformed("no compact protocol");
    const typeAndVersion = this.take(1)[0] ?? 0;
    if ((typeAndVersion & 0x1f) !== 1) throw this.malformed("unknown version of the protocol");
    const type = typeAndVersion >> 5;
    this.varint();
    const name = this.string();
    if (type !== call && type !== oneway) throw this.malformed("no call");
    return name;
  }

  struct(visit: (id: number, type: number) => boolean): void {
    let id = 0;
    for (;;) {
      const head = this.take(1)[0] ?? 0;
      if (head === 0) return;
      const delta = head >> 4;
      id = delta === 0 ? this.i16() : id + delta;
      const compact = head & 15;
      this.fieldBool = compact === 1 ? true : compact === 2 ? false : undefined;
      const type = this.typeOf(compact);
      if (!visit(id, type)) this.skip(type);
      this.fieldBool = undefined;
    }
  }

  bool(): boolean {
    const known = this.fieldBool;
    this.fieldBool = undefined;
    return known ?? this.byte() === 1;
  }

  i16(): number {
    return this.i32();
  }

  i32(): number {
    return Number(BigInt.asIntN(32, this.i64()));
  }

  i64(): bigint {
    const value = this.varint();
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }

  double(): number {
    const value = this.need(8).readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  binary(): Buffer {
    return this.take(this.size());
  }

  protected listHeader(): { type: number; size: number } {
    const head = this.take(1)[0] ?? 0;
    const short = head >> 4;
    const size = short === 15 ? this.size() : short;
    return { type: this.typeOf(head & 15), size: this.checkedSize(size) };
  }

  protected mapHeader(): { key: number; value: number; size: number } {
    const size = this.checkedSize(this.size());
    if (size === 0) return { key: thrift.stop, value: thrift.stop, size };
    const head = this.take(1)[0] ?? 0;
    return { key: this.typeOf(head >> 4), value: this.typeOf(head & 15), size };
  }

  private size(): number {
    const size = this.varint();
    if (size > BigInt(this.bytes.length)) throw this.malformed("a length beyond the end");
    return Number(size);
  }

  private typeOf(compact: number): number {
    const type = types[compact];
    if (type === undefined) throw this.malformed(`unknown type ${compact}`);
    return type;
  }

  private varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.need(1)[this.at++] ?? 0;
      low += (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.need(1)[this.at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.malformed("a number of more than 64 bits");
  }
}
