import { ProtobufWriter } from "../decode/protobuf-writer.ts";
import type { AppendOutcome } from "../sink.ts";

/** ExportTraceServiceResponse; empty when every span was accepted. */
export function encodeExportResponse({ rejected, reason }: AppendOutcome): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter(256);
  if (rejected > 0) {
    writer.message(1, () => {
      writer.uint32(1, rejected);
      writer.string(2, reason);
    });
  }
  return writer.finish();
}

/** The same in OTLP's JSON: 64-bit numbers are strings. */
export function exportResponseJson({ rejected, reason }: AppendOutcome): string {
  const partialSuccess = rejected > 0 ? { rejectedSpans: String(rejected), errorMessage: reason } : {};
  return JSON.stringify({ partialSuccess });
}
