import type { SpanRecord } from "../../model.ts";
import { encodeBatch } from "../../store/batch-encoding.ts";
import { inGroups } from "../jaeger/resource-groups.ts";

/** Clients take 4 MiB unless told otherwise. */
const chunkBytes = 3 * 1024 * 1024;
const spansAtOnce = 4_000;

/**
 * A trace as OTLP's TracesData, one ResourceSpans for each resource, in pieces that clients take; a span that is larger than that goes
 * alone.
 */
export function* tracesData(trace: readonly SpanRecord[]): Generator<Buffer> {
  const spans = inGroups(trace);
  for (let from = 0; from < spans.length; from += spansAtOnce)
    yield* split(spans.slice(from, from + spansAtOnce));
}

function* split(spans: readonly SpanRecord[]): Generator<Buffer> {
  const bytes = encodeBatch(spans);
  if (bytes.length <= chunkBytes || spans.length === 1) {
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return;
  }
  const half = spans.length >> 1;
  yield* split(spans.slice(0, half));
  yield* split(spans.slice(half));
}
