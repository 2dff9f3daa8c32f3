import { ThroughlineError } from "@throughline/api/errors";
import { MalformedJsonError } from "./decode/json-fields.ts";
import { MalformedProtobufError } from "./decode/protobuf-reader.ts";
import { MalformedThriftError } from "./decode/thrift-reader.ts";
import type { AppendOutcome, ForeignEncoding, SpanEncoding } from "./sink.ts";
import { encodeBatch } from "./store/batch-encoding.ts";

/** What the write path needs of a store: takes OTLP's TracesData, redacts it on the way in, resolves when it is durable and visible. */
export interface BatchStore {
  append(protobuf: Uint8Array): Promise<AppendOutcome>;
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

/** Request bytes of any encoding to stored spans. */
export class Ingest {
  private readonly store: BatchStore;
  private readonly nowMs: () => number;

  constructor(store: BatchStore, nowMs: () => number) {
    this.store = store;
    this.nowMs = nowMs;
  }

  /** Errors as SpanSink.append. */
  async append(bytes: Uint8Array, encoding: SpanEncoding): Promise<AppendOutcome> {
    try {
      return encoding === "protobuf" ? await this.store.append(bytes) : await this.foreign(bytes, encoding);
    } catch (cause) {
      if (
        cause instanceof MalformedJsonError ||
        cause instanceof MalformedProtobufError ||
        cause instanceof MalformedThriftError
      ) {
        throw new ThroughlineError(
          "TL_BODY_UNREADABLE",
          `The request is no ${encodingNames[encoding]}: ${cause.message}.`,
          { cause },
        );
      }
      throw cause;
    }
  }

  /** What is rare and slow anyway takes the way of protobuf. */
  private async foreign(bytes: Uint8Array, encoding: ForeignEncoding): Promise<AppendOutcome> {
    // Most backends never see one of these encodings.
    const { decodeForeign } = await import("./decode/foreign.ts");
    const { spans, rejected, rejectedReason, malformed } = decodeForeign(bytes, encoding, this.nowMs());
    const outcome = spans.length === 0 ? { accepted: 0 } : await this.store.append(encodeBatch(spans));
    return { accepted: outcome.accepted, rejected, reason: rejectedReason, malformed };
  }
}
