import { thrift, ThriftReader } from "./thrift-reader.ts";

const versionMask = 0xffff_0000;
const version1 = 0x8001_0000;
const call = 1;
const oneway = 4;

/** Thrift's binary protocol, big-endian; messages with and without the version word. */
export class BinaryThriftReader extends ThriftReader {
  message(): string {
    const first = this.i32() >>> 0;
    let name: string;
    let type: number;
    if (first & 0x8000_0000) {
      if ((first & versionMask) >>> 0 !== version1) throw this.malformed("unknown version of the protocol");
      type = first & 0xff;
      name = this.string();
    } else {
      name = this.take(first).toString("utf8");
      type = this.byte();
    }
    this.i32();
    if (type !== call && type !== oneway) throw this.malformed("no call");
    return name;
  }

  struct(visit: (id: number, type: number) => boolean): void {
    for (;;) {
      const type = this.byte();
      if (type === thrift.stop) return;
      const id = this.i16();
      if (!visit(id, type)) this.skip(type);
    }
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  i16(): number {
    const value = this.need(2).readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  i32(): number {
    const value = this.need(4).readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  i64(): bigint {
    const value = this.need(8).readBigInt64BE(this.at);
    this.at += 8;
    return value;
  }

  double(): number {
    const value = this.need(8).readDoubleBE(this.at);
    this.at += 8;
    return value;
  }

  binary(): Buffer {
    return this.take(this.i32());
  }

  protected listHeader(): { type: number; size: number } {
    const type = this.byte();
    return { type, size: this.checkedSize(this.i32()) };
  }

  protected mapHeader(): { key: number; value: number; size: number } {
    const key = this.byte();
    const value = this.byte();
    return { key, value, size: this.checkedSize(this.i32()) };
  }
}
