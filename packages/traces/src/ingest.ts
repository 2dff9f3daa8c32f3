import { ThroughlineError } from "@throughline/api/errors";
import { MalformedJsonError } from "./decode/json-fields.ts";
import { decodeOtlpJson } from "./decode/otlp-json.ts";
import { MalformedProtobufError } from "./decode/protobuf-reader.ts";
import type { AppendOutcome, SpanEncoding } from "./sink.ts";
import { encodeBatch } from "./store/batch-encoding.ts";

/** What the write path needs of a store: takes OTLP's TracesData, redacts it on the way in, resolves when it is durable and visible. */
export interface BatchStore {
  append(protobuf: Uint8Array): Promise<AppendOutcome>;
}

/** Request bytes of either encoding to stored spans. */
export class Ingest {
  private readonly store: BatchStore;

  constructor(store: BatchStore) {
    this.store = store;
  }

  /** Errors as SpanSink.append. */
  async append(bytes: Uint8Array, encoding: SpanEncoding): Promise<AppendOutcome> {
    try {
      return encoding === "json" ? await this.json(bytes) : await this.store.append(bytes);
    } catch (cause) {
      if (cause instanceof MalformedJsonError || cause instanceof MalformedProtobufError) {
        throw new ThroughlineError(
          "TL_BODY_UNREADABLE",
          `The request is no OTLP ${encoding === "json" ? "JSON" : "protobuf"}: ${cause.message}.`,
          { cause },
        );
      }
      throw cause;
    }
  }

  /** JSON is rare and slow anyway: it takes the way of protobuf. */
  private async json(bytes: Uint8Array): Promise<AppendOutcome> {
    const { spans, rejected, rejectedReason } = decodeOtlpJson(bytes);
    const outcome = spans.length === 0 ? { accepted: 0 } : await this.store.append(encodeBatch(spans));
    return { accepted: outcome.accepted, rejected, reason: rejectedReason };
  }
}
