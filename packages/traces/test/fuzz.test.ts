import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIntoHead } from "../src/decode/otlp-columns.ts";
import { decodeOtlpJson } from "../src/decode/otlp-json.ts";
import { MalformedJsonError } from "../src/decode/json-fields.ts";
import { MalformedProtobufError } from "../src/decode/protobuf-reader.ts";
import { alreadyClean } from "../src/ingest-redaction.ts";
import { encodeBatch } from "../src/store/batch-encoding.ts";
import { ByteReader } from "../src/store/block/bytes.ts";
import { readDictionary } from "../src/store/block/dictionary.ts";
import { BlockPage } from "../src/store/block/page.ts";
import { PageGatherer } from "../src/store/block/gather-page.ts";
import { readRecords } from "../src/store/block/page-records.ts";
import { readPageValues } from "../src/store/block/page-table.ts";
import { makeBlock } from "../src/store/block/write-block.ts";
import { unpack } from "../src/store/block/format.ts";
import { anySpan, exampleSpan } from "../src/store/example-spans.ts";
import { Head } from "../src/store/head/head.ts";
import { HeadFullError } from "../src/store/head/dictionary.ts";
import { HeadSegment } from "../src/store/head/head-segment.ts";
import { traceKey } from "../src/store/search/segment.ts";
import { orderTrace } from "../src/trace-columns/order.ts";
import { TraceTable } from "../src/trace-columns/table.ts";
import { writeColumns } from "../src/trace-columns/write.ts";
import { randomNumbers, rounds, seed } from "./rounds.ts";

const size = { rows: 200, items: 4_000, bytes: 100_000 };

/** Bytes with some of them changed, cut out or put in. */
const damaged = (
  bytes: Buffer,
  edits: readonly (readonly [at: number, kind: number, value: number])[],
): Buffer => {
  let all = Buffer.from(bytes);
  for (const [where, kind, value] of edits) {
    const at = all.length === 0 ? 0 : where % all.length;
    if (kind === 0) all[at] = value;
    else if (kind === 1) all = Buffer.concat([all.subarray(0, at), all.subarray(at + 1 + (value % 9))]);
    else if (kind === 2)
      all = Buffer.concat([all.subarray(0, at), Buffer.alloc(1 + (value % 9), value), all.subarray(at)]);
    else all = all.subarray(0, at);
  }
  return all;
};
const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.nat({ max: 255 })), {
  minLength: 1,
  maxLength: 4,
});

/** Whether a head took it; what is no refusal goes on. */
function decodes(bytes: Buffer, head: Head): boolean {
  try {
    decodeIntoHead(bytes, head);
    return true;
  } catch (error) {
    if (error instanceof MalformedProtobufError || error instanceof HeadFullError) return false;
    throw error;
  }
}

test("garbage as OTLP protobuf leaves a head as it was, or becomes spans that can be read", () => {
  const head = new Head(size, alreadyClean, 3);
  const good = exampleSpan({ traceId: "9".repeat(32) });
  decodeIntoHead(encodeBatch([good]), head);
  const before = head.counts.rows;
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 3 }), edits, (spans, changes) => {
      const rows = head.counts.rows;
      const isTaken = decodes(damaged(Buffer.from(encodeBatch(spans)), changes), head);
      head.columns.publish(head.counts);
      const found = new HeadSegment(head.columns, { ...head.counts }).trace(traceKey(good.traceId));
      expect(found).toBeDefined();
      expect(isTaken || head.counts.rows === rows).toBe(true);
      head.rollBack({
        ...head.counts,
        rows: before,
        attrs: 0,
        events: 0,
        eventAttrs: 0,
        links: 0,
        linkAttrs: 0,
      });
    }),
    { numRuns: rounds(40_000), seed },
  );
  // It can be sealed after all that.
  head.columns.publish(head.counts);
  const block = makeBlock({
    columns: head.columns,
    counts: head.counts,
    receivedFirstMs: 0,
    receivedLastMs: 0,
  });
  expect(block?.directory.rows).toBe(1);
});

test("garbage as OTLP JSON is refused, or becomes spans", () => {
  const whole = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: "1".repeat(32),
                spanId: "2".repeat(16),
                name: "x",
                startTimeUnixNano: "17",
                endTimeUnixNano: "18",
                attributes: [
                  { key: "n", value: { intValue: "9007199254740993" } },
                  { key: "d", value: { doubleValue: 1e300 } },
                ],
                events: [{ timeUnixNano: "1", name: "e" }],
                status: { code: 2 },
              },
            ],
          },
        ],
      },
    ],
  });
  fc.assert(
    fc.property(edits, fc.json(), (changes, other) => {
      for (const bytes of [damaged(Buffer.from(whole), changes), Buffer.from(other)]) {
        try {
          decodeOtlpJson(bytes);
        } catch (error) {
          if (!(error instanceof MalformedJsonError)) throw error;
        }
      }
    }),
    { numRuns: rounds(40_000), seed },
  );
});

test("garbage where a block's page stood is found out or read, in bounded time and memory", () => {
  const spans = fc.sample(anySpan, { numRuns: 60, seed });
  const head = new Head({ rows: 1_000, items: 40_000, bytes: 1_000_000 }, alreadyClean, 3);
  decodeIntoHead(encodeBatch(spans), head);
  const block = makeBlock({
    columns: head.columns,
    counts: head.counts,
    receivedFirstMs: 0,
    receivedLastMs: 0,
  });
  const file = Buffer.concat(block?.chunks ?? []);
  const { directory } = block ?? {};
  const [page] = directory?.pages ?? [];
  if (page === undefined || directory === undefined) throw new Error("the block has no page");
  const part = (ref: typeof page.packed): Buffer =>
    Buffer.from(unpack(file.subarray(ref.offset, ref.offset + ref.stored), ref));
  const parts = {
    packed: part(page.packed),
    noisy: part(page.noisy),
    values: part(page.values),
    dictionary: part(directory.parts.dictionary),
  };
  const random = randomNumbers(seed);
  const started = performance.now();
  const all = rounds(20_000);
  for (let round = 0; round < all; round++) {
    const name = (["packed", "noisy", "values", "dictionary"] as const)[random(4)] ?? "packed";
    const changes = Array.from(
      { length: 1 + random(3) },
      () => [random(1 << 30), random(4), random(256)] as const,
    );
    const broken = { ...parts, [name]: damaged(parts[name], changes) };
    try {
      const dictionary = readDictionary(new ByteReader(broken.dictionary));
      const read = new BlockPage(
        page.rows,
        new ByteReader(broken.packed),
        new ByteReader(broken.noisy),
        dictionary,
        () => readPageValues(broken.values),
      );
      const traceId = "0".repeat(32);
      if (random(2) === 0) readRecords(read, 0, page.rows, traceId);
      else {
        const table = new TraceTable(traceId, page.rows);
        new PageGatherer(table).gather(read, 0, page.rows);
        writeColumns(orderTrace(table, true), "all");
      }
    } catch (error) {
      // Which error it is does not matter: the reader names the block.
      if (!(error instanceof Error)) throw error;
    }
  }
  expect((performance.now() - started) / all).toBeLessThan(50);
}, 600_000);
