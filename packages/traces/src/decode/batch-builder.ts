import type { DecodedBatch, SpanKind, SpanRecord, StatusCode } from "../model.ts";

/** Collects the spans of a request, whatever encoding they came in, and refuses those without valid ids. */
export class BatchBuilder {
  private readonly spans: SpanRecord[] = [];
  private rejected = 0;
  private rejectedReason = "";

  add(span: SpanRecord): void {
    const problem = idProblem(span);
    if (problem !== undefined) {
      this.rejected++;
      if (this.rejectedReason === "") this.rejectedReason = problem;
      return;
    }
    // Old senders write a root's parent as zeros.
    if (isZero(span.parentSpanId)) span.parentSpanId = "";
    const links = span.links.filter((link) => validId(link.traceId, 32) && validId(link.spanId, 16));
    span.droppedLinksCount += span.links.length - links.length;
    span.links = links;
    this.spans.push(span);
  }

  addAll(other: BatchBuilder): void {
    for (const span of other.spans) this.spans.push(span);
    this.rejected += other.rejected;
    if (this.rejectedReason === "") this.rejectedReason = other.rejectedReason;
  }

  batch(): DecodedBatch {
    const { spans, rejected, rejectedReason } = this;
    return { spans, rejected, rejectedReason };
  }
}

/** OTLP's kind as a number; unknown numbers are read as unspecified. */
export function spanKind(value: number): SpanKind {
  return value === 1 || value === 2 || value === 3 || value === 4 || value === 5 ? value : 0;
}

/** OTLP's status code as a number; unknown numbers are read as unset. */
export function statusCode(value: number): StatusCode {
  return value === 1 || value === 2 ? value : 0;
}

function idProblem(span: SpanRecord): string | undefined {
  if (!validId(span.traceId, 32)) return `trace_id must be 16 bytes, not all zero${named(span)}`;
  if (!validId(span.spanId, 16)) return `span_id must be 8 bytes, not all zero${named(span)}`;
  if (span.parentSpanId !== "" && !/^[0-9a-f]{16}$/.test(span.parentSpanId)) {
    return `parent_span_id must be empty or 8 bytes${named(span)}`;
  }
  return undefined;
}

/** Names the span by what is safe to echo: its ids. */
function named(span: SpanRecord): string {
  const id = validId(span.spanId, 16) ? span.spanId : span.traceId;
  return validId(id, id.length) ? ` (first seen in ${id.slice(0, 32)})` : "";
}

function validId(id: string, digits: number): boolean {
  return id.length === digits && /^[0-9a-f]+$/.test(id) && !isZero(id);
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
