import * as fc from "fast-check";
import { expect, test } from "vitest";
import { serviceName, type SpanRecord } from "../src/model.ts";
import type { SearchCursor } from "../src/query/reader.ts";
import { attributeText } from "../src/store/attribute-text.ts";
import {
  anyQuery,
  attributesOf,
  naiveFacet,
  naiveSearch,
  smallSpan,
} from "../src/store/search/naive-model.ts";
import { blockSegment, headSegment } from "../src/store/search/segments.ts";
import { rounds, seed } from "./rounds.ts";
import { StoreReader } from "../src/store/search/store-reader.ts";

/** Each span belongs to one of three parts of the store: two blocks, then the head. */
const parts = fc
  .array(fc.record({ span: smallSpan, part: fc.nat({ max: 2 }) }), { minLength: 1, maxLength: 40 })
  .map((all) =>
    all.map(({ span, part }, at) => ({ part, span: { ...span, spanId: String(at + 1).padStart(16, "0") } })),
  );

function readerOver(all: readonly { part: number; span: SpanRecord }[]): StoreReader {
  const of = (part: number) => all.filter((one) => one.part === part).map(({ span }) => span);
  const segments = [0, 1].filter((part) => of(part).length > 0).map((part) => blockSegment(of(part)));
  const source = { segments: () => [...segments, headSegment(of(2))], failed: () => Promise.resolve() };
  return new StoreReader(source);
}

test("every query answers as the obvious way does, over blocks and head", async () => {
  await fc.assert(
    fc.asyncProperty(parts, fc.array(anyQuery, { minLength: 8, maxLength: 8 }), async (all, queries) => {
      const reader = readerOver(all);
      const spans = all.map(({ span }) => span);
      for (const query of queries) {
        const { traces } = await reader.search(query);
        const expected = naiveSearch(spans, query);
        expect(traces.map(([span]) => span?.traceId)).toEqual(expected.map(({ traceId }) => traceId));
      }
    }),
    { numRuns: rounds(2_000), seed },
  );
}, 3_600_000);

test("pages of answers, put together, are the whole answer", async () => {
  await fc.assert(
    fc.asyncProperty(parts, anyQuery, async (all, { after: _after, ...query }) => {
      const reader = readerOver(all);
      const found: string[] = [];
      let next: SearchCursor | undefined;
      do {
        const answer = await reader.search({
          ...query,
          limit: 3,
          ...(next === undefined ? {} : { after: next }),
        });
        found.push(...answer.traces.map(([span]) => span?.traceId ?? ""));
        ({ next } = answer);
      } while (next !== undefined && found.length < 100);
      const expected = naiveSearch(
        all.map(({ span }) => span),
        { ...query, limit: 100 },
      );
      expect(found).toEqual(expected.map(({ traceId }) => traceId));
    }),
    { numRuns: rounds(2_000), seed },
  );
}, 3_600_000);

test("facets, rates and operations are what the spans add up to", async () => {
  await fc.assert(
    fc.asyncProperty(parts, anyQuery, async (all, { startMin = 0n, startMax = 2n ** 64n - 1n }) => {
      const reader = readerOver(all);
      const spans = all.map(({ span }) => span);
      const window = { startMin, startMax, limit: 50 };
      expect(await reader.attributeKeys(window)).toEqual(
        naiveFacet(spans, window, (span) => attributesOf(span).map(({ key }) => key)),
      );
      for (const key of ["a", "http.status", "service.name"]) {
        expect(await reader.attributeValues(key, window)).toEqual(
          naiveFacet(spans, window, (span) =>
            attributesOf(span)
              .filter((one) => one.key === key)
              .map(({ value }) => attributeText(value)),
          ),
        );
      }
      const minute = (span: SpanRecord): number => Number(span.startUnixNano / 60_000_000_000n);
      const fromMinute = (1_700_000_060 / 60) | 0;
      const red = await reader.red({ fromMinute, toMinute: fromMinute + 2 });
      for (const series of red) {
        const own = spans.filter(
          (span) =>
            serviceName(span.resource) === series.service &&
            span.name === series.operation &&
            span.kind === series.kind &&
            minute(span) >= fromMinute &&
            minute(span) <= fromMinute + 2,
        );
        expect(series.total.spans).toBe(own.length);
        expect(series.total.errors).toBe(own.filter(({ statusCode }) => statusCode === 2).length);
        const durations = own
          .map((span) => Math.max(0, Number(span.endUnixNano - span.startUnixNano)))
          .sort((a, b) => a - b);
        const median = durations[Math.ceil(own.length / 2) - 1] ?? 0;
        expect(Math.abs(series.total.p50Ns - median)).toBeLessThanOrEqual(Math.max(1, median * 0.032));
      }
      const inWindow = spans.filter((span) => minute(span) >= fromMinute && minute(span) <= fromMinute + 2);
      expect(red.reduce((sum, { total }) => sum + total.spans, 0)).toBe(inWindow.length);
      expect(await reader.services()).toEqual(
        [...new Set(spans.map((span) => serviceName(span.resource)))].sort(),
      );
      const ofShop = spans.filter((span) => serviceName(span.resource) === "shop");
      expect((await reader.operations("shop")).map(({ name, kind }) => `${name} ${kind}`)).toEqual(
        [...new Set(ofShop.map(({ name, kind }) => `${name} ${kind}`))].sort(),
      );
    }),
    { numRuns: rounds(2_000), seed },
  );
}, 3_600_000);
