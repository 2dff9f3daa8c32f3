import { ProtobufReader, wire } from "../decode/protobuf-reader.ts";

/** What a receiver of OTLP said: spans that were refused, and why. */
export interface OtlpAnswer {
  rejectedSpans: bigint;
  message: string;
}

/** ExportTraceServiceResponse (partial_success 1: rejected_spans 1, error_message 2) where it took the request, else google.rpc.Status (message 2). */
export function readOtlpAnswer(bytes: Uint8Array, wasTaken: boolean): OtlpAnswer {
  const answer: OtlpAnswer = { rejectedSpans: 0n, message: "" };
  const reader = new ProtobufReader(bytes);
  while (reader.next()) {
    if (!wasTaken && reader.is(2, wire.bytes)) answer.message = reader.string();
    else if (wasTaken && reader.is(1, wire.bytes)) {
      const outerEnd = reader.enter();
      while (reader.next()) {
        if (reader.is(1, wire.varint)) answer.rejectedSpans = reader.int64();
        else if (reader.is(2, wire.bytes)) answer.message = reader.string();
        else reader.skip();
      }
      reader.leave(outerEnd);
    } else reader.skip();
  }
  return answer;
}
