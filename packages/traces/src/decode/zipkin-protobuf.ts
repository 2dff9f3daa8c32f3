import type { DecodedBatch } from "../model.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { ProtobufReader, wire } from "./protobuf-reader.ts";
import { addressText } from "./zipkin-address.ts";
import { text, type ZipkinEndpoint, type ZipkinSpan, zipkinSpanOf } from "./zipkin-span.ts";

const kinds = ["", "CLIENT", "SERVER", "PRODUCER", "CONSUMER"] as const;

/** Zipkin's ListOfSpans (zipkin.proto3). Throws MalformedProtobufError. */
export function decodeZipkinProtobuf(bytes: Uint8Array): DecodedBatch {
  const builder = new BatchBuilder();
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) builder.add(zipkinSpanOf(within(reader, () => readSpan(reader))));
    else reader.skip();
  }
  return builder.batch();
}

function readSpan(reader: ProtobufReader): ZipkinSpan {
  const span: ZipkinSpan = {
    traceId: "",
    id: "",
    parentId: "",
    kind: "",
    name: "",
    timestampUs: undefined,
    durationUs: undefined,
    local: undefined,
    remote: undefined,
    annotations: [],
    tags: [],
  };
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) span.traceId = reader.hex().padStart(32, "0");
    else if (reader.is(2, wire.bytes)) span.parentId = reader.hex();
    else if (reader.is(3, wire.bytes)) span.id = reader.hex();
    else if (reader.is(4, wire.varint)) span.kind = kinds[reader.uint32()] ?? "";
    else if (reader.is(5, wire.bytes)) span.name = reader.string();
    else if (reader.is(6, wire.fixed64)) span.timestampUs = reader.fixed64() || undefined;
    else if (reader.is(7, wire.varint)) span.durationUs = BigInt.asUintN(64, reader.int64()) || undefined;
    else if (reader.is(8, wire.bytes)) span.local = within(reader, () => readEndpoint(reader));
    else if (reader.is(9, wire.bytes)) span.remote = within(reader, () => readEndpoint(reader));
    else if (reader.is(10, wire.bytes)) span.annotations.push(within(reader, () => readAnnotation(reader)));
    else if (reader.is(11, wire.bytes)) span.tags.push(within(reader, () => readTag(reader)));
    else reader.skip();
  }
  if (/^0*$/.test(span.parentId)) span.parentId = "";
  return span;
}

function readEndpoint(reader: ProtobufReader): ZipkinEndpoint {
  const endpoint: ZipkinEndpoint = { serviceName: "", ipv4: "", ipv6: "", port: 0 };
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) endpoint.serviceName = reader.string();
    else if (reader.is(2, wire.bytes)) endpoint.ipv4 = addressText(reader.bytesField());
    else if (reader.is(3, wire.bytes)) endpoint.ipv6 = addressText(reader.bytesField());
    else if (reader.is(4, wire.varint)) endpoint.port = reader.uint32();
    else reader.skip();
  }
  return endpoint;
}

function readAnnotation(reader: ProtobufReader): ZipkinSpan["annotations"][number] {
  let timestampUs = 0n;
  let value = "";
  while (reader.next()) {
    if (reader.is(1, wire.fixed64)) timestampUs = reader.fixed64();
    else if (reader.is(2, wire.bytes)) value = reader.string();
    else reader.skip();
  }
  return { timestampUs, value };
}

function readTag(reader: ProtobufReader): ZipkinSpan["tags"][number] {
  let key = "";
  let value = "";
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) key = reader.string();
    else if (reader.is(2, wire.bytes)) value = reader.string();
    else reader.skip();
  }
  return text(key, value);
}

function within<T>(reader: ProtobufReader, read: () => T): T {
  const outer = reader.enter();
  const found = read();
  reader.leave(outer);
  return found;
}
