import type { ValueRedactor } from "../ingest-redaction.ts";
import { decodeForeign } from "../decode/foreign.ts";
import { decodeOtlpProtobuf } from "../decode/otlp-protobuf.ts";
import { asRefusal } from "../ingest.ts";
import type { SpanRecord } from "../model.ts";
import type { Origin, SpanEncoding } from "../sink.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { redactSpans } from "./redact-spans.ts";

/** What a storage takes in one message unless told otherwise is 4 MiB. */
const exportBytes = 3 * 1024 * 1024;

/** A request, redacted, as requests of OTLP's protobuf. */
export interface CleanRequests {
  requests: Uint8Array<ArrayBuffer>[];
  accepted: number;
  rejected: number;
  reason: string;
  malformed: number;
}

/** Errors as SpanSink.append. */
export function cleanRequests(
  { bytes, encoding, from }: { bytes: Uint8Array; encoding: SpanEncoding; from: Origin },
  redactor: ValueRedactor,
  nowMs: number,
): CleanRequests {
  try {
    const { spans, rejected, rejectedReason, malformed } =
      encoding === "protobuf"
        ? { ...decodeOtlpProtobuf(bytes), malformed: 0 }
        : decodeForeign(bytes, encoding, nowMs);
    const requests = spans.length === 0 ? [] : [...split(redactSpans(spans, redactor, from))];
    return { requests, accepted: spans.length, rejected, reason: rejectedReason, malformed };
  } catch (cause) {
    throw asRefusal(cause, encoding);
  }
}

/** A span that is larger than a message goes alone. */
function* split(spans: readonly SpanRecord[]): Generator<Uint8Array<ArrayBuffer>> {
  const bytes = encodeBatch(spans);
  if (bytes.length <= exportBytes || spans.length === 1) {
    yield bytes;
    return;
  }
  const half = spans.length >> 1;
  yield* split(spans.slice(0, half));
  yield* split(spans.slice(half));
}
