/**
 * Jaeger's Thrift, written as its clients write it: a Batch in the binary protocol (HTTP), `emitBatch` in the compact one (UDP). Only for what
 * tests and benchmarks send; the structures are those of jaeger.thrift.
 */
import type { AttributeValue, KeyValue, SpanRecord } from "../../packages/traces/src/model.ts";

interface ThriftWriter {
  /** A field of the struct that is open. */
  i32(id: number, value: number): void;
  i64(id: number, value: bigint): void;
  double(id: number, value: number): void;
  bool(id: number, value: boolean): void;
  bytes(id: number, value: Uint8Array): void;
  struct(id: number, write: () => void): void;
  list<T>(id: number, values: readonly T[], write: (value: T) => void): void;
}

const text = (value: string): Uint8Array => Buffer.from(value, "utf8");
const low = (hex: string): bigint => BigInt.asIntN(64, BigInt(`0x${hex.slice(-16)}`));
const high = (hex: string): bigint => BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`));

/** Spans of one resource as a Batch; what Jaeger's model has no place for is left out. */
function writeBatch(writer: ThriftWriter, spans: readonly SpanRecord[]): void {
  const [first] = spans;
  const attributes = first?.resource.attributes ?? [];
  const service = attributes.find(({ key }) => key === "service.name")?.value;
  writer.struct(1, () => {
    writer.bytes(1, text(service?.type === "string" ? service.value : ""));
    writeTags(
      writer,
      2,
      attributes.filter(({ key }) => key !== "service.name"),
    );
  });
  writer.list(2, spans, (span) => {
    writer.i64(1, low(span.traceId));
    writer.i64(2, high(span.traceId));
    writer.i64(3, low(span.spanId));
    writer.i64(4, span.parentSpanId === "" ? 0n : low(span.parentSpanId));
    writer.bytes(5, text(span.name));
    writer.list(6, span.links, (link) => {
      writer.i32(1, 1);
      writer.i64(2, low(link.traceId));
      writer.i64(3, high(link.traceId));
      writer.i64(4, low(link.spanId));
    });
    writer.i32(7, 1);
    writer.i64(8, span.startUnixNano / 1_000n);
    writer.i64(9, (span.endUnixNano - span.startUnixNano) / 1_000n);
    writeTags(writer, 10, [...span.attributes, ...fieldsAsTags(span)]);
    writer.list(11, span.events, (event) => {
      writer.i64(1, event.timeUnixNano / 1_000n);
      writeTags(writer, 2, [
        { key: "event", value: { type: "string", value: event.name } },
        ...event.attributes,
      ]);
    });
  });
}

const kinds = ["", "internal", "server", "client", "producer", "consumer"];

/** Kind and status as Jaeger's clients tell them. */
function fieldsAsTags({ kind, statusCode, statusMessage }: SpanRecord): KeyValue[] {
  const tags: KeyValue[] = [];
  if (kind !== 0) tags.push({ key: "span.kind", value: { type: "string", value: kinds[kind] ?? "" } });
  if (statusCode === 1) tags.push({ key: "otel.status_code", value: { type: "string", value: "OK" } });
  if (statusCode === 2) tags.push({ key: "error", value: { type: "bool", value: true } });
  if (statusCode === 2 && statusMessage !== "")
    tags.push({ key: "otel.status_description", value: { type: "string", value: statusMessage } });
  return tags;
}

function writeTags(writer: ThriftWriter, id: number, tags: readonly KeyValue[]): void {
  writer.list(id, tags, ({ key, value }) => {
    writer.bytes(1, text(key));
    writeValue(writer, value);
  });
}

function writeValue(writer: ThriftWriter, value: AttributeValue): void {
  switch (value.type) {
    case "double":
      writer.i32(2, 1);
      writer.double(4, value.value);
      break;
    case "bool":
      writer.i32(2, 2);
      writer.bool(5, value.value);
      break;
    case "int":
      writer.i32(2, 3);
      writer.i64(6, value.value);
      break;
    case "bytes":
      writer.i32(2, 4);
      writer.bytes(7, value.value);
      break;
    case "string":
      writer.i32(2, 0);
      writer.bytes(3, text(value.value));
      break;
    case "array":
    case "map":
    case "empty":
      throw new Error("Jaeger's tags have no lists");
  }
}

/** The binary protocol: fixed widths, big-endian. */
class BinaryWriter implements ThriftWriter {
  readonly parts: Uint8Array[] = [];

  i32(id: number, value: number): void {
    this.field(8, id);
    this.raw(4, (bytes) => bytes.writeInt32BE(value));
  }

  i64(id: number, value: bigint): void {
    this.field(10, id);
    this.raw(8, (bytes) => bytes.writeBigInt64BE(value));
  }

  double(id: number, value: number): void {
    this.field(4, id);
    this.raw(8, (bytes) => bytes.writeDoubleBE(value));
  }

  bool(id: number, value: boolean): void {
    this.field(2, id);
    this.parts.push(Uint8Array.of(value ? 1 : 0));
  }

  bytes(id: number, value: Uint8Array): void {
    this.field(11, id);
    this.raw(4, (bytes) => bytes.writeInt32BE(value.length));
    this.parts.push(value);
  }

  struct(id: number, write: () => void): void {
    this.field(12, id);
    write();
    this.parts.push(Uint8Array.of(0));
  }

  list<T>(id: number, values: readonly T[], write: (value: T) => void): void {
    this.field(15, id);
    this.parts.push(Uint8Array.of(12));
    this.raw(4, (bytes) => bytes.writeInt32BE(values.length));
    for (const value of values) {
      write(value);
      this.parts.push(Uint8Array.of(0));
    }
  }

  private field(type: number, id: number): void {
    this.parts.push(Uint8Array.of(type, id >> 8, id & 0xff));
  }

  private raw(size: number, write: (bytes: Buffer) => void): void {
    const bytes = Buffer.alloc(size);
    write(bytes);
    this.parts.push(bytes);
  }
}

/** The compact protocol: varints, field ids as differences. */
class CompactWriter implements ThriftWriter {
  readonly parts: number[] = [];
  private last = 0;

  i32(id: number, value: number): void {
    this.field(5, id);
    this.varint(BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)));
  }

  i64(id: number, value: bigint): void {
    this.field(6, id);
    this.varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  double(id: number, value: number): void {
    this.field(7, id);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.parts.push(...bytes);
  }

  bool(id: number, value: boolean): void {
    this.field(value ? 1 : 2, id);
  }

  bytes(id: number, value: Uint8Array): void {
    this.field(8, id);
    this.text(value);
  }

  struct(id: number, write: () => void): void {
    this.field(12, id);
    this.inside(write);
  }

  list<T>(id: number, values: readonly T[], write: (value: T) => void): void {
    this.field(9, id);
    if (values.length < 15) this.parts.push((values.length << 4) | 12);
    else {
      this.parts.push(0xfc);
      this.varint(BigInt(values.length));
    }
    for (const value of values) this.inside(() => write(value));
  }

  text(value: Uint8Array): void {
    this.varint(BigInt(value.length));
    for (const byte of value) this.parts.push(byte);
  }

  inside(write: () => void): void {
    const outer = this.last;
    this.last = 0;
    write();
    this.parts.push(0);
    this.last = outer;
  }

  private field(type: number, id: number): void {
    const delta = id - this.last;
    if (delta > 0 && delta < 16) this.parts.push((delta << 4) | type);
    else {
      this.parts.push(type);
      this.varint(BigInt(id << 1));
    }
    this.last = id;
  }

  private varint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.parts.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.parts.push(Number(rest));
  }
}

/** The body of POST /api/traces. */
export function thriftBatch(spans: readonly SpanRecord[]): Uint8Array {
  const writer = new BinaryWriter();
  writeBatch(writer, spans);
  return Buffer.concat([...writer.parts, Uint8Array.of(0)]);
}

/** A datagram for 6832: `emitBatch`, oneway, in the binary protocol. */
export function binaryDatagram(spans: readonly SpanRecord[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.struct(1, () => writeBatch(writer, spans));
  const name = text("emitBatch");
  const head = Buffer.alloc(12 + name.length);
  head.writeUInt32BE(0x8001_0004, 0);
  head.writeUInt32BE(name.length, 4);
  head.set(name, 8);
  return Buffer.concat([head, ...writer.parts, Uint8Array.of(0)]);
}

/** A datagram for 6831: the same in the compact protocol. */
export function compactDatagram(spans: readonly SpanRecord[]): Uint8Array {
  const writer = new CompactWriter();
  writer.parts.push(0x82, (4 << 5) | 1, 0);
  writer.text(text("emitBatch"));
  writer.inside(() => writer.struct(1, () => writeBatch(writer, spans)));
  return Uint8Array.from(writer.parts);
}
