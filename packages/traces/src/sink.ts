/** How a request's spans are written; `...-datagrams`: any number of them, each with its length (u32, little-endian) before it. */
export type SpanEncoding = "protobuf" | ForeignEncoding;
export type ForeignEncoding =
  | "json"
  | "zipkin-json"
  | "zipkin-protobuf"
  | "zipkin-v1-json"
  | "zipkin-v1-thrift"
  | "jaeger-thrift"
  | "jaeger-compact-datagrams"
  | "jaeger-binary-datagrams";

export interface AppendOutcome {
  accepted: number;
  /** Spans refused one by one, and why. */
  rejected: number;
  reason: string;
  /** Datagrams that could not be read. */
  malformed?: number;
}

/**
 * Who the spans of a request are of: the tenant that its sender is bound to, undefined where it is bound to none. `kept`: whoever their
 * resources say, for spans that were stored before and come in again.
 */
export type Origin = { tenant: string | undefined } | "kept";

/** A sender that is bound to no tenant. */
export const anySender: Origin = { tenant: undefined };

/** Where the receivers bring request bytes: they speak protocols and never look at a span. */
export interface SpanSink {
  /**
   * Takes the request, in the pieces that it came in, and resolves when the spans are durable.
   * Throws ThroughlineError TL_BODY_UNREADABLE for bytes that are not of this encoding, TL_TRACE_BACKEND_FAILED when
   * nothing can be stored at present.
   */
  append(pieces: readonly Uint8Array[], encoding: SpanEncoding, from: Origin): Promise<AppendOutcome>;
}
