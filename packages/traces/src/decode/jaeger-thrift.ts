import type { AttributeValue, DecodedBatch, KeyValue, LinkRecord } from "../model.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { type JaegerSpan, resourceOf, spanOf } from "./jaeger-span.ts";
import { BinaryThriftReader } from "./thrift-binary.ts";
import { CompactThriftReader } from "./thrift-compact.ts";
import { thrift, type ThriftReader } from "./thrift-reader.ts";

/** A bare Batch in the binary protocol, as it comes by HTTP. Throws MalformedThriftError. */
export function decodeJaegerBatch(bytes: Uint8Array): DecodedBatch {
  const builder = new BatchBuilder();
  readBatch(new BinaryThriftReader(bytes), builder);
  return builder.batch();
}

/** A datagram of the agent's port: one message `emitBatch`. Throws MalformedThriftError. */
export function decodeJaegerDatagram(
  bytes: Uint8Array,
  protocol: "compact" | "binary",
  builder: BatchBuilder,
): void {
  const reader = protocol === "compact" ? new CompactThriftReader(bytes) : new BinaryThriftReader(bytes);
  reader.message();
  const own = new BatchBuilder();
  reader.struct((id, type) => {
    if (id !== 1 || type !== thrift.struct) return false;
    readBatch(reader, own);
    return true;
  });
  // Nothing of a datagram that is cut off gets in.
  builder.addAll(own);
}

function readBatch(reader: ThriftReader, builder: BatchBuilder): void {
  let resource = resourceOf("", []);
  const spans: JaegerSpan[] = [];
  reader.struct((id, type) => {
    if (id === 1 && type === thrift.struct) {
      const process = readProcess(reader);
      resource = resourceOf(process.serviceName, process.tags);
      return true;
    }
    if (id !== 2 || type !== thrift.list) return false;
    spans.push(...(reader.list(thrift.struct, () => readSpan(reader)) ?? []));
    return true;
  });
  for (const span of spans) builder.add(spanOf(span, resource));
}

function readProcess(reader: ThriftReader): { serviceName: string; tags: KeyValue[] } {
  let serviceName = "";
  let tags: KeyValue[] = [];
  reader.struct((id, type) => {
    if (id === 1 && type === thrift.binary) serviceName = reader.string();
    else if (id === 2 && type === thrift.list) tags = readTags(reader);
    else return false;
    return true;
  });
  return { serviceName, tags };
}

function readSpan(reader: ThriftReader): JaegerSpan {
  let low = 0n;
  let high = 0n;
  let spanId = 0n;
  let parentId = 0n;
  let name = "";
  let startUs = 0n;
  let durationUs = 0n;
  let references: JaegerSpan["references"] = [];
  let tags: KeyValue[] = [];
  let logs: JaegerSpan["logs"] = [];
  reader.struct((id, type) => {
    switch (id * 16 + type) {
      case 1 * 16 + thrift.i64:
        low = reader.i64();
        return true;
      case 2 * 16 + thrift.i64:
        high = reader.i64();
        return true;
      case 3 * 16 + thrift.i64:
        spanId = reader.i64();
        return true;
      case 4 * 16 + thrift.i64:
        parentId = reader.i64();
        return true;
      case 5 * 16 + thrift.binary:
        name = reader.string();
        return true;
      case 6 * 16 + thrift.list:
        references = reader.list(thrift.struct, () => readReference(reader)) ?? [];
        return true;
      case 8 * 16 + thrift.i64:
        startUs = reader.i64();
        return true;
      case 9 * 16 + thrift.i64:
        durationUs = reader.i64();
        return true;
      case 10 * 16 + thrift.list:
        tags = readTags(reader);
        return true;
      case 11 * 16 + thrift.list:
        logs = reader.list(thrift.struct, () => readLog(reader)) ?? [];
        return true;
      default:
        return false;
    }
  });
  const parentSpanId = parentId === 0n ? "" : hex(parentId);
  const traceId = hex(high) + hex(low);
  return { traceId, spanId: hex(spanId), parentSpanId, name, references, startUs, durationUs, tags, logs };
}

function readReference(reader: ThriftReader): JaegerSpan["references"][number] {
  let kind = 0;
  let low = 0n;
  let high = 0n;
  let spanId = 0n;
  reader.struct((id, type) => {
    if (id === 1 && type === thrift.i32) kind = reader.i32();
    else if (id === 2 && type === thrift.i64) low = reader.i64();
    else if (id === 3 && type === thrift.i64) high = reader.i64();
    else if (id === 4 && type === thrift.i64) spanId = reader.i64();
    else return false;
    return true;
  });
  return {
    isChildOf: kind === 0,
    traceId: hex(high) + hex(low),
    spanId: hex(spanId),
  } satisfies Pick<LinkRecord, "traceId" | "spanId"> & { isChildOf: boolean };
}

function readLog(reader: ThriftReader): JaegerSpan["logs"][number] {
  let timeUs = 0n;
  let fields: KeyValue[] = [];
  reader.struct((id, type) => {
    if (id === 1 && type === thrift.i64) timeUs = reader.i64();
    else if (id === 2 && type === thrift.list) fields = readTags(reader);
    else return false;
    return true;
  });
  return { timeUs, fields };
}

function readTags(reader: ThriftReader): KeyValue[] {
  return reader.list(thrift.struct, () => readTag(reader)) ?? [];
}

/** The value counts that its `vType` names: STRING 0, DOUBLE 1, BOOL 2, LONG 3, BINARY 4. */
function readTag(reader: ThriftReader): KeyValue {
  let key = "";
  let type = 0;
  const values: AttributeValue[] = [
    { type: "string", value: "" },
    { type: "double", value: 0 },
    { type: "bool", value: false },
    { type: "int", value: 0n },
    { type: "bytes", value: new Uint8Array() },
  ];
  reader.struct((id, wire) => {
    if (id === 1 && wire === thrift.binary) key = reader.string();
    else if (id === 2 && wire === thrift.i32) type = reader.i32();
    else if (id === 3 && wire === thrift.binary) values[0] = { type: "string", value: reader.string() };
    else if (id === 4 && wire === thrift.double) values[1] = { type: "double", value: reader.double() };
    else if (id === 5 && wire === thrift.bool) values[2] = { type: "bool", value: reader.bool() };
    else if (id === 6 && wire === thrift.i64) values[3] = { type: "int", value: reader.i64() };
    else if (id === 7 && wire === thrift.binary)
      values[4] = { type: "bytes", value: Uint8Array.from(reader.binary()) };
    else return false;
    return true;
  });
  return { key, value: values[type] ?? { type: "empty" } };
}

function hex(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, "0");
}
