import { ThroughlineError } from "@throughline/api/errors";
import { MalformedJsonError } from "./decode/json-fields.ts";
import { decodeOtlpJson } from "./decode/otlp-json.ts";
import { MalformedProtobufError } from "./decode/protobuf-reader.ts";
import { MalformedThriftError } from "./decode/thrift-reader.ts";
import type { SpanRecord } from "./model.ts";
import {
  anySender,
  type AppendOutcome,
  type ForeignEncoding,
  type Origin,
  type SpanEncoding,
} from "./sink.ts";
import { encodeBatch } from "./store/batch-encoding.ts";

/** What the write path needs of a store: takes OTLP's TracesData, redacts it on the way in, resolves when it is durable and visible. */
export interface BatchStore {
  append(protobuf: Uint8Array, from: Origin): Promise<AppendOutcome>;
}

const encodingNames: Record<SpanEncoding, string> = {
  protobuf: "OTLP protobuf",
  json: "OTLP JSON",
  "zipkin-json": "list of Zipkin spans in JSON",
  "zipkin-protobuf": "list of Zipkin spans in protobuf",
  "zipkin-v1-json": "list of Zipkin v1 spans in JSON",
  "zipkin-v1-thrift": "list of Zipkin v1 spans in Thrift",
  "jaeger-thrift": "Jaeger batch in Thrift",
  "jaeger-compact-datagrams": "Jaeger datagram",
  "jaeger-binary-datagrams": "Jaeger datagram",
};

/** Spans of OTLP JSON that are only to be shown. Throws ThroughlineError TL_BODY_UNREADABLE. */
export function decodeUploaded(bytes: Uint8Array): SpanRecord[] {
  try {
    return decodeOtlpJson(bytes).spans;
  } catch (cause) {
    throw asRefusal(cause, "json");
  }
}

/** Request bytes of any encoding to stored spans. */
export class Ingest {
  private readonly store: BatchStore;
  private readonly nowMs: () => number;

  constructor(store: BatchStore, nowMs: () => number) {
    this.store = store;
    this.nowMs = nowMs;
  }

  /** Errors as SpanSink.append. */
  async append(bytes: Uint8Array, encoding: SpanEncoding, from: Origin = anySender): Promise<AppendOutcome> {
    try {
      return encoding === "protobuf"
        ? await this.store.append(bytes, from)
        : await this.foreign(bytes, encoding, from);
    } catch (cause) {
      throw asRefusal(cause, encoding);
    }
  }

  /** What is rare and slow anyway takes the way of protobuf. */
  private async foreign(bytes: Uint8Array, encoding: ForeignEncoding, from: Origin): Promise<AppendOutcome> {
    // Most backends never see one of these encodings.
    const { decodeForeign } = await import("./decode/foreign.ts");
    const { spans, rejected, rejectedReason, malformed } = decodeForeign(bytes, encoding, this.nowMs());
    const outcome = spans.length === 0 ? { accepted: 0 } : await this.store.append(encodeBatch(spans), from);
    return { accepted: outcome.accepted, rejected, reason: rejectedReason, malformed };
  }
}

/** Bytes that are no such request are the sender's fault; anything else stays as it is. */
export function asRefusal(cause: unknown, encoding: SpanEncoding): unknown {
  const isMalformed =
    cause instanceof MalformedJsonError ||
    cause instanceof MalformedProtobufError ||
    cause instanceof MalformedThriftError;
  if (!isMalformed) return cause;
  const reason = `The request is no ${encodingNames[encoding]}: ${cause.message}.`;
  return new ThroughlineError("TL_BODY_UNREADABLE", reason, { cause });
}
