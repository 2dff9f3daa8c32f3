/** How a request's spans are written. */
export type SpanEncoding = "protobuf" | "json";

export interface AppendOutcome {
  accepted: number;
  /** Spans refused one by one, and why. */
  rejected: number;
  reason: string;
}

/** Where the receivers bring request bytes: they speak protocols and never look at a span. */
export interface SpanSink {
  /**
   * Takes the request, in the pieces that it came in, and resolves when the spans are durable.
   * Throws ThroughlineError TL_BODY_UNREADABLE for bytes that are no OTLP request, TL_TRACE_BACKEND_FAILED when
   * nothing can be stored at present.
   */
  append(pieces: readonly Uint8Array[], encoding: SpanEncoding): Promise<AppendOutcome>;
}
