import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIntoHead } from "../../decode/otlp-columns.ts";
import { alreadyClean } from "../../ingest-redaction.ts";
import type { SpanKind } from "../../model.ts";
import { encodeBatch } from "../batch-encoding.ts";
import { exampleSpan, resourceOf, text } from "../example-spans.ts";
import { Head } from "../head/head.ts";
import { HeadSegment, nothingFound } from "../head/head-segment.ts";
import type { Segment } from "./segment.ts";
import { blockSegment, headSegment } from "./segments.ts";
import { StoreReader } from "./store-reader.ts";

/** Few traces, ids, kinds and times, so that many are copies of another, with other contents. */
const span = fc
  .record({
    trace: fc.nat({ max: 1 }),
    own: fc.nat({ max: 3 }),
    kind: fc.constantFrom(1, 2),
    start: fc.nat({ max: 1 }),
    value: fc.constantFrom("a", "b", "c"),
  })
  .map(({ trace, own, kind, start, value }) =>
    exampleSpan({
      traceId: String(trace + 1).padStart(32, "0"),
      spanId: String(own + 1).padStart(16, "0"),
      kind: kind as SpanKind,
      startUnixNano: 1_700_000_000_000_000_000n + BigInt(start),
      attributes: [
        text("value", value),
        text(`key-${value}`, "x"),
        // One trace is of several tenants.
        ...(trace === 0 ? [] : [text("tenant.id", own % 2 === 0 ? "acme" : "other")]),
      ],
      resource: resourceOf("shop"),
    }),
  );
const spans = fc.array(span, { minLength: 1, maxLength: 30 });

async function facetsOf(segment: Segment, tenant?: string): Promise<unknown> {
  const reader = new StoreReader({ segments: () => [segment], failed: () => Promise.resolve() }).of(tenant);
  const whole = { startMin: 0n, startMax: 2n ** 64n - 1n, limit: 50 };
  const half = { ...whole, startMax: 1_700_000_000_000_000_000n };
  const red = await reader.red({ fromMinute: 0, toMinute: 2 ** 40 });
  return {
    keys: [await reader.attributeKeys(whole), await reader.attributeKeys(half)],
    values: [await reader.attributeValues("value", whole), await reader.attributeValues("value", half)],
    spans: red.reduce((sum, { total }) => sum + total.spans, 0),
  };
}

test("a head's facets count copies of a span once, as a block's and as rates do, whoever looks", async () => {
  await fc.assert(
    fc.asyncProperty(spans, fc.constantFrom(undefined, "acme"), async (all, tenant) => {
      const ofHead = await facetsOf(headSegment(all), tenant);
      expect(ofHead).toEqual(await facetsOf(blockSegment(all), tenant));
    }),
    { numRuns: 100 },
  );
});

test("facets of a head as it was are not changed by copies that come later", async () => {
  await fc.assert(
    fc.asyncProperty(spans, spans, async (before, after) => {
      const head = new Head({ rows: 100, items: 2_048, bytes: 65_536 }, alreadyClean, 7);
      const found = nothingFound(head.columns);
      const segment = (): HeadSegment => new HeadSegment(head.columns, { ...head.counts }, found);
      decodeIntoHead(encodeBatch(before), head);
      const first = segment();
      const then = await facetsOf(first);
      decodeIntoHead(encodeBatch(after), head);
      expect(await facetsOf(segment())).toEqual(await facetsOf(blockSegment([...before, ...after])));
      const { keys, values } = (await facetsOf(first)) as { keys: unknown; values: unknown };
      expect({ keys, values }).toEqual({
        keys: (then as { keys: unknown }).keys,
        values: (then as { values: unknown }).values,
      });
    }),
    { numRuns: 50 },
  );
});
