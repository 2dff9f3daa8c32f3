import { ThroughlineError } from "@throughline/api/errors";
import type { Redactor } from "@throughline/redaction";
import { MalformedJsonError } from "./decode/json-fields.ts";
import { decodeOtlpJson } from "./decode/otlp-json.ts";
import { decodeOtlpProtobuf } from "./decode/otlp-protobuf.ts";
import { MalformedProtobufError } from "./decode/protobuf-reader.ts";
import { BatchRedactor, RedactedBatch } from "./ingest-redaction.ts";
import type { DecodedBatch } from "./model.ts";
import type { AppendOutcome, SpanEncoding } from "./receive/sink.ts";

/** What the write path needs of a store. Resolves when the batch is durable and visible. */
export interface BatchStore {
  append(batch: RedactedBatch): Promise<void>;
}

/** Request bytes to stored spans: decode, redact, append. */
export class Ingest {
  private readonly store: BatchStore;
  private readonly redactor: BatchRedactor;

  constructor(store: BatchStore, redactor: Redactor) {
    this.store = store;
    this.redactor = new BatchRedactor(redactor);
  }

  /** Values dropped because a redaction rule failed on them. */
  get redactionFailures(): number {
    return this.redactor.failures;
  }

  /** Errors as SpanSink.append. */
  async append(bytes: Uint8Array, encoding: SpanEncoding): Promise<AppendOutcome> {
    const { spans, rejected, rejectedReason } = decode(bytes, encoding);
    if (spans.length > 0) await this.store.append(RedactedBatch.redact(spans, this.redactor));
    return { accepted: spans.length, rejected, reason: rejectedReason };
  }
}

function decode(bytes: Uint8Array, encoding: SpanEncoding): DecodedBatch {
  try {
    return encoding === "json" ? decodeOtlpJson(bytes) : decodeOtlpProtobuf(bytes);
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
