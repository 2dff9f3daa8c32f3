import type { AttributeValue, DecodedBatch, KeyValue } from "../model.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { addressText } from "./zipkin-address.ts";
import { BinaryThriftReader } from "./thrift-binary.ts";
import { thrift, type ThriftReader } from "./thrift-reader.ts";
import type { ZipkinEndpoint } from "./zipkin-span.ts";
import { type ZipkinV1Span, zipkinV1SpanOf } from "./zipkin-v1.ts";

/** A list of spans of Zipkin's first API in Thrift's binary protocol. Throws MalformedThriftError. */
export function decodeZipkinV1Thrift(bytes: Uint8Array, nowUs: bigint): DecodedBatch {
  const builder = new BatchBuilder();
  const reader = new BinaryThriftReader(bytes);
  const spans = reader.list(thrift.struct, () => readSpan(reader)) ?? [];
  for (const span of spans) builder.add(zipkinV1SpanOf(span, nowUs));
  return builder.batch();
}

function readSpan(reader: ThriftReader): ZipkinV1Span {
  let low = 0n;
  let high = 0n;
  let id = 0n;
  let parent = 0n;
  const span: ZipkinV1Span = {
    traceId: "",
    id: "",
    parentId: "",
    name: "",
    timestampUs: undefined,
    durationUs: undefined,
    annotations: [],
    binaryAnnotations: [],
  };
  reader.struct((field, type) => {
    if (type === thrift.i64) {
      if (field === 1) low = reader.i64();
      else if (field === 4) id = reader.i64();
      else if (field === 5) parent = reader.i64();
      else if (field === 10) span.timestampUs = reader.i64();
      else if (field === 11) span.durationUs = reader.i64();
      else if (field === 12) high = reader.i64();
      else return false;
      return true;
    }
    if (field === 3 && type === thrift.binary) span.name = reader.string();
    else if (field === 6 && type === thrift.list)
      span.annotations = reader.list(thrift.struct, () => readAnnotation(reader)) ?? [];
    else if (field === 8 && type === thrift.list)
      span.binaryAnnotations = reader.list(thrift.struct, () => readBinaryAnnotation(reader)) ?? [];
    else return false;
    return true;
  });
  span.traceId = hex(high) + hex(low);
  span.id = hex(id);
  span.parentId = parent === 0n ? "" : hex(parent);
  return span;
}

function readAnnotation(reader: ThriftReader): ZipkinV1Span["annotations"][number] {
  let timestampUs = 0n;
  let value = "";
  let endpoint: ZipkinEndpoint | undefined;
  reader.struct((field, type) => {
    if (field === 1 && type === thrift.i64) timestampUs = reader.i64();
    else if (field === 2 && type === thrift.binary) value = reader.string();
    else if (field === 3 && type === thrift.struct) endpoint = readEndpoint(reader);
    else return false;
    return true;
  });
  return { timestampUs, value, endpoint };
}

function readBinaryAnnotation(reader: ThriftReader): KeyValue & { endpoint: ZipkinEndpoint | undefined } {
  let key = "";
  let bytes = Buffer.alloc(0);
  let kind = 0;
  let endpoint: ZipkinEndpoint | undefined;
  reader.struct((field, type) => {
    if (field === 1 && type === thrift.binary) key = reader.string();
    else if (field === 2 && type === thrift.binary) bytes = Buffer.from(reader.binary());
    else if (field === 3 && type === thrift.i32) kind = reader.i32();
    else if (field === 4 && type === thrift.struct) endpoint = readEndpoint(reader);
    else return false;
    return true;
  });
  return { key, value: valueOf(kind, bytes), endpoint };
}

/** BOOL 0, BYTES 1, I16 2, I32 3, I64 4, DOUBLE 5, STRING 6; of another length than its kind has, it stays bytes. */
function valueOf(kind: number, bytes: Buffer): AttributeValue {
  const { length } = bytes;
  if (kind === 0 && length === 1) return { type: "bool", value: bytes[0] !== 0 };
  if (kind === 2 && length === 2) return { type: "int", value: BigInt(bytes.readInt16BE(0)) };
  if (kind === 3 && length === 4) return { type: "int", value: BigInt(bytes.readInt32BE(0)) };
  if (kind === 4 && length === 8) return { type: "int", value: bytes.readBigInt64BE(0) };
  if (kind === 5 && length === 8) return { type: "double", value: bytes.readDoubleBE(0) };
  if (kind === 6) return { type: "string", value: bytes.toString("utf8") };
  return { type: "bytes", value: Uint8Array.from(bytes) };
}

function readEndpoint(reader: ThriftReader): ZipkinEndpoint {
  const endpoint: ZipkinEndpoint = { serviceName: "", ipv4: "", ipv6: "", port: 0 };
  reader.struct((field, type) => {
    if (field === 1 && type === thrift.i32) {
      const address = Buffer.alloc(4);
      address.writeInt32BE(reader.i32());
      endpoint.ipv4 = address.every((byte) => byte === 0) ? "" : addressText(address);
    } else if (field === 2 && type === thrift.i16) endpoint.port = reader.i16() & 0xffff;
    else if (field === 3 && type === thrift.binary) endpoint.serviceName = reader.string();
    else if (field === 4 && type === thrift.binary) endpoint.ipv6 = addressText(reader.binary());
    else return false;
    return true;
  });
  return endpoint;
}

function hex(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, "0");
}
