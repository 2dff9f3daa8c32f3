import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { anySpan, exampleSpan } from "../example-spans.ts";
import { blockSegment, headSegment } from "./segments.ts";
import type { SearchCursor } from "../../query/reader.ts";
import { Pace } from "./pace.ts";
import { searchTraces } from "./search.ts";
import { type Segment, type TraceKey, traceKey } from "./segment.ts";

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

test.each(kinds)(
  "pages over %s of traces that start at once come in the order of their ids, and only few traces are looked at",
  async (_what, make) => {
    const count = 9_000;
    const idOf = (at: number): string => (((at * 7_919) % count) + 1).toString(16).padStart(32, "0");
    const segment = make(Array.from({ length: count }, (_, at) => exampleSpan({ traceId: idOf(at) })));
    let looked = 0;
    const counting: Segment = Object.create(segment, {
      trace: {
        value: (id: TraceKey) => {
          looked++;
          return segment.trace(id);
        },
      },
    });
    const pace = new Pace(60_000, () => false);
    const found: string[] = [];
    for (let after: SearchCursor | undefined, page = 0; page < 5; page++) {
      const query = { tags: [], limit: 20, ...(after === undefined ? {} : { after }) };
      const answer = await searchTraces([counting], query, pace);
      found.push(...answer.map(({ traceId }) => traceId));
      after = answer.at(-1);
    }
    expect(found).toEqual(Array.from({ length: 100 }, (_, at) => (at + 1).toString(16).padStart(32, "0")));
    // Each answer, and on each stored page no more than come into the answer in place of others.
    expect(looked).toBeLessThan(500);
  },
);
