import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { anySpan, exampleSpan } from "../example-spans.ts";
import { blockSegment, headSegment } from "./segments.ts";
import { traceKey } from "./segment.ts";

const kinds = [
  ["a head", headSegment],
  ["a block", blockSegment],
] as const;

function withoutCopies(spans: readonly SpanRecord[]): SpanRecord[] {
  return [...new Map(spans.map((span) => [`${span.traceId}${span.spanId}${span.kind}`, span])).values()];
}

function sorted(spans: readonly SpanRecord[]): SpanRecord[] {
  const name = (span: SpanRecord): string => `${span.traceId}${span.spanId}${span.kind}`;
  return [...spans].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

test.each(kinds)("any spans come out of %s as they went in", (_what, make) => {
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 12 }), (some) => {
      const spans = withoutCopies(some);
      const segment = make(spans);
      const traceIds = new Set(spans.map(({ traceId }) => traceId));
      const found = [...traceIds].flatMap((traceId) => {
        const rows = segment.trace(traceKey(traceId));
        return rows === undefined ? [] : segment.spans(rows);
      });
      expect(sorted(found)).toEqual(sorted(spans));
    }),
    { numRuns: 200 },
  );
});

test.each(kinds)("traces over several pages come out of %s whole", (_what, make) => {
  const spans = Array.from({ length: 18_000 }, (_, at) =>
    exampleSpan({
      traceId: String((at % 3) + 1).padStart(32, "0"),
      spanId: String(at + 1).padStart(16, "0"),
      parentSpanId: at < 3 ? "" : String(Math.max(1, at - (at % 7) * 3 - 2)).padStart(16, "0"),
      startUnixNano: 1_700_000_000_000_000_000n + BigInt((at * 7_919) % 18_000),
      attributes: [{ key: `key-${at % 5_000}`, value: { type: "int", value: BigInt(at) } }],
    }),
  );
  const segment = make(spans);
  const rows = segment.trace(traceKey("2".padStart(32, "0")));
  const found = rows === undefined ? [] : segment.spans(rows);
  expect(sorted(found)).toEqual(sorted(spans.filter(({ traceId }) => traceId.endsWith("2"))));
});
