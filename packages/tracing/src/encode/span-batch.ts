import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/** Whether the span's trace was slow: the exporter's to say, whatever the span itself says. */
export const slowKey = "slow_trace";

/** Why a span that was not sampled is exported all the same; `sampling.reason` on the span. */
export type KeptReason = string;

/** Spans that wait to be exported together, in the form in which they leave. */
export interface SpanBatch {
  readonly count: number;
  /** About what it takes in memory. */
  readonly bytes: number;
  /** Throws where the span cannot be encoded; the batch is then as before. `kept`: the span was not sampled. */
  add(span: ReadableSpan, isSlow: boolean, kept?: KeptReason): void;
  dropOldest(): void;
}

/**
 * OTLP's `flags`: the low byte is W3C's trace flags; bit 8 says that bit 9 is known, bit 9 that the parent or linked context
 * is remote.
 */
export function otlpFlags(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote === true ? 0x200 : 0);
}
