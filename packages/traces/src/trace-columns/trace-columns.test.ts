import type { TraceView } from "@throughline/api";
import { readDetails, readStructure, type TracePart } from "@throughline/api/trace-columns";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildTree } from "../analyse/tree.ts";
import { traceView } from "../api/throughline/view.ts";
import { type SpanRecord, tenantAttribute } from "../model.ts";
import { withUniqueIds } from "../query/unique-ids.ts";
import { anySpan, exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { blockSegment, headSegment } from "../store/search/segments.ts";
import type { Segment } from "../store/search/segment.ts";
import { StoreReader } from "../store/search/store-reader.ts";
import { spansOfColumns, spansOfView } from "./example-columns.ts";
import { bigintAt, sortedByTime } from "./words.ts";

const traceId = "c".repeat(32);
const idOf = (number: number): string => number.toString(16).padStart(16, "0");

/** Spans of one trace that meet each other: parents, cycles, ids that several have, copies, starts alike and far apart. */
const relatedSpan = fc
  .record({
    span: anySpan,
    id: fc.integer({ min: 1, max: 9 }),
    parent: fc.nat({ max: 11 }),
    start: fc.oneof(fc.nat({ max: 5 }).map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    lengthNs: fc.bigInt({ min: -3n, max: 2n ** 40n }),
    name: fc.option(fc.constantFrom("enhance_ticket", "", "GET /"), { nil: undefined }),
    attributes: fc.array(
      fc.constantFrom(
        text("ticket.id", "TICKET-1"),
        text("ticket.id", ""),
        text("tenant.id", "acme"),
        text("ticket.priority", "high"),
        text("enhancement.status", "success"),
        text("error.message", "refused"),
        text("error.type", "403"),
        text("slow_trace", "true"),
        { key: "slow_trace", value: { type: "bool" as const, value: false } },
        { key: "slow_trace", value: { type: "bool" as const, value: true } },
        text("service.instance.id", "one"),
      ),
      { maxLength: 3 },
    ),
    isCommon: fc.boolean(),
  })
  .map(({ span, id, parent, start, lengthNs, name, attributes, isCommon }): SpanRecord => ({
    ...span,
    traceId,
    spanId: idOf(id),
    parentSpanId: parent === 0 ? "" : idOf(parent),
    startUnixNano: start,
    endUnixNano: BigInt.asUintN(64, start + lengthNs),
    name: name ?? span.name,
    attributes: isCommon ? attributes : [...attributes, ...span.attributes],
    // The store says itself whose a span is.
    resource: isCommon
      ? resourceOf("shop")
      : {
          ...span.resource,
          attributes: span.resource.attributes.filter(({ key }) => key !== tenantAttribute),
        },
  }));

const part = fc.record({
  spans: fc.array(relatedSpan, { minLength: 1, maxLength: 8 }),
  isSealed: fc.boolean(),
});

function readerOf(segments: readonly Segment[]): StoreReader {
  return new StoreReader({ segments: () => [...segments], failed: (failure) => Promise.reject(failure) });
}

async function columnsOf(reader: StoreReader, which: TracePart): Promise<Uint8Array<ArrayBuffer>> {
  const found = await reader.columns(traceId, which);
  return Uint8Array.from(Buffer.concat(found?.chunks ?? []));
}

/** The trace as the JSON has it, which is made of one object for each span. */
async function viewOf(reader: StoreReader): Promise<TraceView> {
  const [spans = []] = await reader.traces([traceId]);
  return JSON.parse([...traceView(buildTree(withUniqueIds(spans)))].join("")) as TraceView;
}

async function expectAlike(segments: readonly Segment[]): Promise<void> {
  const reader = readerOf(segments);
  const view = await viewOf(reader);
  const bytes = await columnsOf(reader, "all");
  expect(spansOfColumns(bytes)).toEqual(spansOfView(view));
  const { head, structure } = readStructure(bytes);
  expect(head.summary).toEqual(view.summary);
  expect(head.firstError === -1).toBe(view.summary.firstError === null);
  expect(head.names[structure.names[head.firstError] ?? -1]).toBe(view.summary.firstError?.spanName);
  expect((await reader.columns(traceId, "all"))?.spans).toBe(view.spans.length);

  const alone = readStructure(await columnsOf(reader, "structure"));
  expect(alone.structure).toEqual(structure);
  expect(alone.head.summary).toEqual(view.summary);
  expect(alone.head.firstError).toBe(head.firstError);
  const details = readDetails(await columnsOf(reader, "details"));
  expect(details.details).toEqual(readDetails(bytes).details);
  expect(details.spanIds).toEqual(structure.spanIds);
}

test("columns say of any trace what its JSON says, however it lies in blocks and heads", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
      await expectAlike(
        parts.map(({ spans, isSealed }) => (isSealed ? blockSegment(spans) : headSegment(spans))),
      );
    }),
    { numRuns: 150 },
  );
});

test("a trace over many pages, two blocks and a head is whole, each span once, with more keys than columns", async () => {
  const all = Array.from({ length: 13_000 }, (_, at) =>
    exampleSpan({
      traceId: at % 5 === 4 ? "d".repeat(32) : traceId,
      spanId: idOf(at + 1),
      parentSpanId: at === 0 ? "" : idOf(Math.max(1, at - (at % 7) * 300)),
      startUnixNano: 1_700_000_000_000_000_000n + BigInt((at * 7_919) % 13_000),
      endUnixNano: 1_700_000_000_000_020_000n,
      name: `GET /${at % 6_000}`,
      attributes: [{ key: `key-${at % 5_000}`, value: { type: "int", value: BigInt(at) } }],
      events:
        at % 11 === 0
          ? [5n, 1n, 3n].map((after) => ({
              timeUnixNano: 1_700_000_000_000_000_000n + after,
              name: `event ${after}`,
              attributes: [text("event.note", String(at))],
              droppedAttributesCount: 0,
            }))
          : [],
    }),
  );
  const again = (spans: readonly SpanRecord[]): SpanRecord[] =>
    spans.map((span) => ({ ...span, statusCode: 2, statusMessage: "sent again" }));
  await expectAlike([
    blockSegment(all.slice(0, 7_000)),
    blockSegment([...again(all.slice(6_500, 7_000)), ...all.slice(7_000, 10_000)]),
    headSegment([...again(all.slice(9_990, 10_000)), ...all.slice(10_000)]),
  ]);
});

test("a trace that is not there has no columns", async () => {
  const reader = readerOf([headSegment([exampleSpan()]), blockSegment([exampleSpan()])]);
  expect(await reader.columns(traceId, "all")).toBeUndefined();
});

test("rows come by time, equal ones as they stood", () => {
  const time = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 2n ** 32n - 3n, max: 2n ** 32n + 3n }),
  );
  fc.assert(
    fc.property(fc.array(time, { maxLength: 40 }), (times) => {
      const words = new Uint32Array(new BigUint64Array(times).buffer);
      const rows = Int32Array.from(times.keys());
      const expected = [...times.keys()].sort((a, b) => compare(times[a], times[b]) || a - b);
      expect([...sortedByTime(rows, words)]).toEqual(expected);
      expect(times.map((_, at) => bigintAt(words, at))).toEqual(times);
    }),
  );
});

function compare(a = 0n, b = 0n): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
