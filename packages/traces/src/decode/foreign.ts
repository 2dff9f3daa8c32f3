import type { DecodedBatch } from "../model.ts";
import type { ForeignEncoding } from "../sink.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { decodeJaegerBatch, decodeJaegerDatagram } from "./jaeger-thrift.ts";
import { decodeOtlpJson } from "./otlp-json.ts";
import { MalformedThriftError } from "./thrift-reader.ts";
import { decodeZipkinJson, decodeZipkinV1Json } from "./zipkin-json.ts";
import { decodeZipkinProtobuf } from "./zipkin-protobuf.ts";
import { decodeZipkinV1Thrift } from "./zipkin-v1-thrift.ts";

/** `malformed`: datagrams that could not be read. */
export type ForeignBatch = DecodedBatch & { malformed: number };

/**
 * Spans of any encoding but OTLP's protobuf. `nowMs`: milliseconds since the epoch. Throws MalformedJsonError, MalformedProtobufError,
 * MalformedThriftError.
 */
export function decodeForeign(bytes: Uint8Array, encoding: ForeignEncoding, nowMs: number): ForeignBatch {
  const nowUs = BigInt(Math.floor(nowMs)) * 1_000n;
  switch (encoding) {
    case "json":
      return { ...decodeOtlpJson(bytes), malformed: 0 };
    case "zipkin-json":
      return { ...decodeZipkinJson(bytes), malformed: 0 };
    case "zipkin-protobuf":
      return { ...decodeZipkinProtobuf(bytes), malformed: 0 };
    case "zipkin-v1-json":
      return { ...decodeZipkinV1Json(bytes, nowUs), malformed: 0 };
    case "zipkin-v1-thrift":
      return { ...decodeZipkinV1Thrift(bytes, nowUs), malformed: 0 };
    case "jaeger-thrift":
      return { ...decodeJaegerBatch(bytes), malformed: 0 };
    case "jaeger-compact-datagrams":
      return datagrams(bytes, "compact");
    case "jaeger-binary-datagrams":
      return datagrams(bytes, "binary");
  }
}

/** Datagrams, each with its length (u32, little-endian) before it. One that cannot be read leaves the others alone. */
function datagrams(bytes: Uint8Array, protocol: "compact" | "binary"): ForeignBatch {
  const builder = new BatchBuilder();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let malformed = 0;
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at, true);
    try {
      decodeJaegerDatagram(bytes.subarray(at + 4, end), protocol, builder);
    } catch (error) {
      if (!(error instanceof MalformedThriftError)) throw error;
      malformed++;
    }
    at = end;
  }
  return { ...builder.batch(), malformed };
}
