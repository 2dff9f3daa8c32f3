import type { InstrumentationScope } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { ProtobufSpanEncoder } from "./protobuf-encoder.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";
import type { KeptReason, SpanBatch } from "./span-batch.ts";

/**
 * Spans as an ExportTraceServiceRequest (opentelemetry-proto 1.11, collector/trace/v1): each is redacted and encoded when it
 * ends, straight into the bytes that are sent. One batch holds the spans of one resource.
 */
export class ProtobufBatch implements SpanBatch {
  count = 0;
  private readonly encoder: ProtobufSpanEncoder;
  private readonly lanes: Lane[] = [];
  /** The lane of each span, in the order in which they came; the first `dropped` are gone. */
  private readonly order: Lane[] = [];
  private dropped = 0;

  constructor(encoder: ProtobufSpanEncoder) {
    this.encoder = encoder;
  }

  get bytes(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.writer.mark(), 0);
  }

  add(span: ReadableSpan, isSlow: boolean, kept?: KeptReason): void {
    const lane = this.laneOf(span.instrumentationScope);
    const { writer } = lane;
    const start = writer.mark();
    try {
      this.encoder.write(writer, span, isSlow, kept);
      writer.close(2, start);
    } catch (error) {
      writer.rewind(start);
      throw error;
    }
    lane.starts.push(start);
    lane.traceIds.push(isSlow ? "" : span.spanContext().traceId);
    this.order.push(lane);
    this.count++;
  }

  dropOldest(): void {
    const lane = this.order[this.dropped++];
    if (lane === undefined) return;
    lane.first++;
    this.count--;
  }

  /** The request, once: spans whose trace became slow since they ended are tagged now. The bytes live until `recycle`. */
  body(isSlow: (traceId: string) => boolean): Uint8Array {
    for (const lane of this.lanes) lane.tagSlow(isSlow);
    const [first, ...others] = this.lanes.filter((lane) => lane.first < lane.starts.length);
    if (first === undefined) return new Uint8Array();
    const { writer } = first;
    const end = first.starts[first.first] ?? 0;
    for (const lane of [first, ...others]) {
      const start = lane.starts[lane.first] ?? 0;
      writeScope(lane.writer, lane.scope, start);
      if (lane !== first) writer.raw(lane.writer.bytes(start));
    }
    writer.raw(this.encoder.resource);
    writer.close(1, end);
    return writer.bytes(end);
  }

  /** Gives the buffers back. */
  recycle(): void {
    for (const { writer } of this.lanes) this.encoder.recycle(writer);
    this.lanes.length = 0;
  }

  private laneOf(scope: InstrumentationScope): Lane {
    for (const lane of this.lanes) if (lane.scope === scope) return lane;
    const lane = new Lane(scope, this.encoder.takeWriter());
    this.lanes.push(lane);
    return lane;
  }
}

/** The spans of one instrumentation scope. */
class Lane {
  readonly scope: InstrumentationScope;
  readonly writer: ProtobufWriter;
  /** Where each span's bytes begin, as marks; what is before `first` was dropped. */
  readonly starts: number[] = [];
  /** Empty for a span that is tagged slow already. */
  readonly traceIds: string[] = [];
  first = 0;

  constructor(scope: InstrumentationScope, writer: ProtobufWriter) {
    this.scope = scope;
    this.writer = writer;
  }

  tagSlow(isSlow: (traceId: string) => boolean): void {
    for (let at = this.first; at < this.traceIds.length; at++) {
      const traceId = this.traceIds[at] ?? "";
      if (traceId !== "" && isSlow(traceId)) this.writer.patch(this.starts[at] ?? 0, 1);
    }
  }
}

function writeScope(writer: ProtobufWriter, scope: InstrumentationScope, spansEnd: number): void {
  if (scope.schemaUrl !== undefined) writer.string(3, scope.schemaUrl);
  const start = writer.mark();
  if (scope.version !== undefined) writer.string(2, scope.version);
  writer.string(1, scope.name);
  writer.close(1, start);
  writer.close(2, spansEnd);
}
