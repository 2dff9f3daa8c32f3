import type { SpanRecord } from "../../model.ts";
import type { TraceRows } from "./segment.ts";
import { saysSlow } from "./slow-trace.ts";

/** What is known of a trace by a part of its spans. */
export function factsOf(pages: TraceRows["pages"], spans: readonly SpanRecord[]): TraceRows {
  let firstStart = 2n ** 64n;
  let lastEnd = 0n;
  for (const { startUnixNano, endUnixNano } of spans) {
    if (startUnixNano < firstStart) firstStart = startUnixNano;
    if (endUnixNano > lastEnd) lastEnd = endUnixNano;
  }
  return {
    pages,
    firstStart,
    lastEnd: lastEnd > firstStart ? lastEnd : firstStart,
    hasError: spans.some(({ statusCode }) => statusCode === 2),
    isSlow: spans.some(saysSlow),
  };
}
