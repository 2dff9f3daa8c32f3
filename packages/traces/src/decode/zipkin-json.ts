import type { DecodedBatch, KeyValue } from "../model.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { JsonFields, MalformedJsonError } from "./json-fields.ts";
import { parseJson } from "./parse-json.ts";
import { type ZipkinEndpoint, zipkinSpanOf } from "./zipkin-span.ts";
import { type ZipkinV1Span, zipkinV1SpanOf } from "./zipkin-v1.ts";

/** A JSON list of spans of Zipkin's second API. Throws MalformedJsonError, as Zipkin refuses a request with one bad span. */
export function decodeZipkinJson(bytes: Uint8Array): DecodedBatch {
  const builder = new BatchBuilder();
  new JsonFields({ spans: list(bytes) }).list("spans", (fields) =>
    builder.add(
      zipkinSpanOf({
        traceId: hex(fields, "traceId", 32),
        id: hex(fields, "id", 16),
        parentId: fields.has("parentId") ? hex(fields, "parentId", 16, true) : "",
        kind: fields.string("kind"),
        name: fields.string("name"),
        timestampUs: microseconds(fields, "timestamp"),
        durationUs: microseconds(fields, "duration"),
        local: fields.object("localEndpoint", readEndpoint),
        remote: fields.object("remoteEndpoint", readEndpoint),
        annotations: fields.list("annotations", (annotation) => ({
          timestampUs: annotation.uint64("timestamp"),
          value: annotation.string("value"),
        })),
        tags: fields.entries("tags").map(([key, value]) => tag(key, value)),
      }),
    ),
  );
  return builder.batch();
}

/** ... of its first. `nowUs`: microseconds since the epoch, for spans that know no time at all. */
export function decodeZipkinV1Json(bytes: Uint8Array, nowUs: bigint): DecodedBatch {
  const builder = new BatchBuilder();
  new JsonFields({ spans: list(bytes) }).list("spans", (fields) => {
    const span: ZipkinV1Span = {
      traceId: hex(fields, "traceId", 32),
      id: hex(fields, "id", 16),
      parentId: fields.has("parentId") ? hex(fields, "parentId", 16, true) : "",
      name: fields.string("name"),
      timestampUs: microseconds(fields, "timestamp"),
      durationUs: microseconds(fields, "duration"),
      annotations: fields.list("annotations", (annotation) => ({
        timestampUs: annotation.uint64("timestamp"),
        value: annotation.string("value"),
        endpoint: annotation.object("endpoint", readEndpoint),
      })),
      binaryAnnotations: fields.list("binaryAnnotations", (annotation) => ({
        ...tag(annotation.string("key"), annotation.any("value")),
        endpoint: annotation.object("endpoint", readEndpoint),
      })),
    };
    builder.add(zipkinV1SpanOf(span, nowUs));
  });
  return builder.batch();
}

function list(bytes: Uint8Array): unknown {
  const parsed = parseJson(bytes);
  if (!Array.isArray(parsed)) throw new MalformedJsonError("the body must be a list of spans");
  return parsed;
}

/** An id of 1 to `digits` hex digits, padded; zero only where `mayBeZero`, and then none. */
function hex(fields: JsonFields, key: string, digits: number, mayBeZero = false): string {
  const value = fields.string(key);
  if (!/^[0-9a-fA-F]+$/.test(value) || value.length > digits)
    throw new MalformedJsonError(`must be 1 to ${digits} hexadecimal digits`, key);
  if (!/^0+$/.test(value)) return value.toLowerCase().padStart(digits, "0");
  if (mayBeZero) return "";
  throw new MalformedJsonError("must not be zero", key);
}

function microseconds(fields: JsonFields, key: string): bigint | undefined {
  const value = fields.int64(key);
  if (value < 0n) throw new MalformedJsonError("must not be negative", key);
  return value === 0n ? undefined : value;
}

function readEndpoint(fields: JsonFields): ZipkinEndpoint {
  return {
    serviceName: fields.string("serviceName"),
    ipv4: fields.string("ipv4"),
    ipv6: fields.string("ipv6"),
    port: fields.uint32("port"),
  };
}

/** Values are strings; some senders write numbers and booleans. */
function tag(key: string, value: unknown): KeyValue {
  if (typeof value === "string") return { key, value: { type: "string", value } };
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return { key, value: { type: "string", value: String(value) } };
  throw new MalformedJsonError("must be a string", key);
}
