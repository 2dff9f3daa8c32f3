import { decodeOtlpProtobuf } from "../decode/otlp-protobuf.ts";
import type { SpanRecord } from "../model.ts";

/** Spans of TracesData messages, added to those of their traces. */
export async function collectTraces(
  messages: AsyncIterable<Uint8Array>,
  into: Map<string, SpanRecord[]>,
): Promise<void> {
  for await (const message of messages) {
    for (const span of decodeOtlpProtobuf(message).spans) {
      const known = into.get(span.traceId);
      if (known === undefined) into.set(span.traceId, [span]);
      else known.push(span);
    }
  }
}
