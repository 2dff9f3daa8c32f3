import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIntoHead } from "../../decode/otlp-columns.ts";
import { alreadyClean } from "../../ingest-redaction.ts";
import type { SpanRecord } from "../../model.ts";
import { encodeBatch } from "../batch-encoding.ts";
import type { Rollup } from "../block/rollup.ts";
import { exampleSpan, resourceOf } from "../example-spans.ts";
import { Head } from "./head.ts";
import { HeadReader } from "./head-reader.ts";
import { HeadRollup } from "./head-rollup.ts";
import { headRollup } from "./head-values.ts";

const id = (number: number, digits: number): string => (number + 1).toString(16).padStart(digits, "0");

/** Few traces and ids, so that parents come late, ids twice, and services call each other. */
const span = fc
  .record({
    trace: fc.nat({ max: 2 }),
    own: fc.nat({ max: 40 }),
    parent: fc.option(fc.nat({ max: 40 })),
    service: fc.constantFrom("shop", "desk", "bank"),
    minute: fc.nat({ max: 2 }),
    length: fc.nat({ max: 5_000_000 }),
    kind: fc.constantFrom(1, 2, 3),
    status: fc.constantFrom(0, 2),
  })
  .map(({ trace, own, parent, service, minute, length, kind, status }) =>
    exampleSpan({
      traceId: id(trace, 32),
      spanId: id(own, 16),
      parentSpanId: parent === null ? "" : id(parent, 16),
      name: `operation ${own % 3}`,
      kind: kind as SpanRecord["kind"],
      statusCode: status as SpanRecord["statusCode"],
      startUnixNano: BigInt(minute) * 60_000_000_000n,
      endUnixNano: BigInt(minute) * 60_000_000_000n + BigInt(length),
      resource: resourceOf(service),
    }),
  );
const unique = fc.uniqueArray(span, {
  selector: ({ traceId, spanId }) => `${traceId}${spanId}`,
  maxLength: 40,
});

function sorted({ series, edges }: Rollup) {
  const text = (value: unknown): string => JSON.stringify(value);
  return {
    series: series.map(text).sort(),
    edges: edges.map(text).sort(),
  };
}

test("counted as spans come in, a head's rollup is what counting it at once gives", () => {
  fc.assert(
    fc.property(fc.oneof(unique, fc.array(span, { maxLength: 40 })), fc.nat({ max: 6 }), (spans, step) => {
      const head = new Head({ rows: 64, items: 2_048, bytes: 65_536 }, alreadyClean, 7);
      const rollup = new HeadRollup(head.columns);
      const given: [Rollup, Rollup][] = [];
      for (let from = 0; from < spans.length; from += step + 1) {
        decodeIntoHead(encodeBatch(spans.slice(from, from + step + 1)), head);
        const reader = new HeadReader(head.columns, { ...head.counts });
        const counted = rollup.upTo(reader);
        given.push([counted, structuredClone(counted)]);
        expect(sorted(counted)).toEqual(sorted(headRollup(reader)));
      }
      // A query that still reads what it was given sees no change of it.
      for (const [counted, then] of given) expect(counted).toEqual(then);
    }),
    { numRuns: 300 },
  );
});
