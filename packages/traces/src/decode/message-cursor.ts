import { MalformedProtobufError, ProtobufReader } from "./protobuf-reader.ts";

/** Walks protobuf messages in place: tags and lengths of one or two bytes by itself, everything rarer through ProtobufReader. */
export class MessageCursor {
  protected readonly bytes: Buffer;
  protected readonly view: DataView;
  protected at = 0;
  private readonly reader: ProtobufReader;
  /** Whether the last long varint had more than 32 bits. */
  private isWide = false;

  constructor(bytes: Buffer, view: DataView) {
    this.bytes = bytes;
    this.view = view;
    this.reader = new ProtobufReader(bytes);
  }

  protected fixed64(into: Uint32Array, entry: number, outer: number): void {
    if (outer - this.at < 8) throw this.cut();
    into[entry * 2] = this.view.getUint32(this.at, true);
    into[entry * 2 + 1] = this.view.getUint32(this.at + 4, true);
    this.at += 8;
  }

  /** The low 32 bits of a varint. */
  protected varint(outer: number): number {
    const { bytes, at } = this;
    if (at + 1 < outer) {
      const first = bytes[at] ?? 0;
      if (first < 0x80) {
        this.at = at + 1;
        return first;
      }
      const second = bytes[at + 1] ?? 0;
      if (second < 0x80) {
        this.at = at + 2;
        return (first & 0x7f) | (second << 7);
      }
    }
    const { reader } = this;
    reader.position = at;
    reader.end = outer;
    const value = reader.int64();
    this.at = reader.position;
    this.isWide = value > 0xffff_ffffn || value < 0n;
    return Number(value & 0xffff_ffffn);
  }

  /** Of the field that begins here, checked against the end of its message. */
  protected length(outer: number): number {
    this.isWide = false;
    const length = this.varint(outer);
    if (this.isWide || length > outer - this.at) throw this.cut();
    return length;
  }

  protected skip(fieldTag: number, outer: number): void {
    const { reader } = this;
    if (fieldTag < 8) throw new MalformedProtobufError(`field number out of range at byte ${this.at}`);
    reader.position = this.at;
    reader.end = outer;
    reader.field = fieldTag >>> 3;
    reader.wire = fieldTag & 7;
    reader.skip();
    this.at = reader.position;
  }

  protected cut(): MalformedProtobufError {
    return new MalformedProtobufError(`length beyond the end of its message at byte ${this.at}`);
  }

  protected isId(at: number, length: number, expected: number): boolean {
    if (length !== expected) return false;
    for (let byte = at; byte < at + length; byte++) if (this.bytes[byte] !== 0) return true;
    return false;
  }
}
