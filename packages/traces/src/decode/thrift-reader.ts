/** The bytes are not what Thrift allows. `message` says what is wrong and at which byte. */
export class MalformedThriftError extends Error {
  override readonly name = "MalformedThriftError";
}

/** Types of a value, by the numbers of the binary protocol. */
export const thrift = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  binary: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

/** Nesting of what is skipped. */
const depthLimit = 64;

/**
 * Pulls values out of Thrift bytes (Apache Thrift, "Binary protocol" and "Compact protocol"). A value's type stands before it: `read...` of
 * another type than that is the caller's mistake, of another length than there is throws MalformedThriftError.
 */
export abstract class ThriftReader {
  protected readonly bytes: Buffer;
  protected at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads the message's header; CALL or ONEWAY, whose arguments are a struct. Returns the method's name. */
  abstract message(): string;
  /** Calls `visit` for each field of a struct; a field that it returns false for is skipped. */
  abstract struct(visit: (id: number, type: number) => boolean): void;
  abstract bool(): boolean;
  abstract i16(): number;
  abstract i32(): number;
  abstract i64(): bigint;
  abstract double(): number;
  abstract binary(): Buffer;
  protected abstract listHeader(): { type: number; size: number };
  protected abstract mapHeader(): { key: number; value: number; size: number };

  string(): string {
    return this.binary().toString("utf8");
  }

  byte(): number {
    return this.need(1).readInt8(this.at++);
  }

  /** A list of `type`; one of another type is skipped, and undefined. */
  list<T>(type: number, read: () => T): T[] | undefined {
    const header = this.listHeader();
    if (header.type !== type && header.size > 0) {
      for (let left = header.size; left > 0; left--) this.skip(header.type, 1);
      return undefined;
    }
    const all: T[] = [];
    for (let left = header.size; left > 0; left--) all.push(read());
    return all;
  }

  skip(type: number, depth = 0): void {
    if (depth > depthLimit) throw this.malformed(`nested deeper than ${depthLimit}`);
    switch (type) {
      case thrift.bool:
        this.bool();
        return;
      case thrift.byte:
        this.byte();
        return;
      case thrift.double:
        this.double();
        return;
      case thrift.i16:
        this.i16();
        return;
      case thrift.i32:
        this.i32();
        return;
      case thrift.i64:
        this.i64();
        return;
      case thrift.binary:
        this.binary();
        return;
      case thrift.struct:
        this.struct((_id, inner) => {
          this.skip(inner, depth + 1);
          return true;
        });
        return;
      case thrift.set:
      case thrift.list: {
        const header = this.listHeader();
        for (let left = header.size; left > 0; left--) this.skip(header.type, depth + 1);
        return;
      }
      case thrift.map: {
        const header = this.mapHeader();
        for (let left = header.size; left > 0; left--) {
          this.skip(header.key, depth + 1);
          this.skip(header.value, depth + 1);
        }
        return;
      }
      default:
        throw this.malformed(`unknown type ${type}`);
    }
  }

  /** So many bytes are left. */
  protected need(bytes: number): Buffer {
    if (this.at + bytes > this.bytes.length) throw this.malformed("cut off");
    return this.bytes;
  }

  protected take(size: number): Buffer {
    if (size < 0) throw this.malformed("negative length");
    const found = this.need(size).subarray(this.at, this.at + size);
    this.at += size;
    return found;
  }

  /** Each element takes a byte at least, so a size that is a lie costs nothing. */
  protected checkedSize(size: number): number {
    if (size < 0 || size > this.bytes.length - this.at) throw this.malformed("more elements than bytes");
    return size;
  }

  protected malformed(what: string): MalformedThriftError {
    return new MalformedThriftError(`${what} at byte ${this.at}`);
  }
}
