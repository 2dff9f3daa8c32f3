import { createRedactor } from "@throughline/redaction";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeIntoHead } from "../../decode/otlp-columns.ts";
import { decodeOtlpProtobuf } from "../../decode/otlp-protobuf.ts";
import { MalformedProtobufError } from "../../decode/protobuf-reader.ts";
import { alreadyClean, ValueRedactor } from "../../ingest-redaction.ts";
import { encodeBatch } from "../batch-encoding.ts";
import { anySpan, exampleSpan, text } from "../example-spans.ts";
import { HeadFullError, newTables } from "./dictionary.ts";
import { Head } from "./head.ts";
import { HeadReader } from "./head-reader.ts";

const small = { rows: 64, items: 2_048, bytes: 65_536 };

function spansOf(head: Head) {
  const reader = new HeadReader(head.columns, head.counts);
  return Array.from({ length: head.counts.rows }, (_, row) => reader.span(row));
}

test("any spans come out of a head as they went in", () => {
  fc.assert(
    fc.property(fc.array(anySpan, { minLength: 1, maxLength: 5 }), (spans) => {
      const head = new Head(small, alreadyClean, 7);
      const bytes = encodeBatch(spans);
      decodeIntoHead(bytes, head);
      expect(spansOf(head)).toEqual(decodeOtlpProtobuf(bytes).spans);
    }),
    { numRuns: 300 },
  );
});

test("what is sensitive never enters a head", () => {
  const head = new Head(small, new ValueRedactor(createRedactor()), 7);
  const secret = "hunter2hunter2";
  decodeIntoHead(
    encodeBatch([
      exampleSpan({
        name: `GET /?api_key=${secret}`,
        statusMessage: `password=${secret}`,
        attributes: [
          text("db.password", secret),
          { key: "token", value: { type: "array", value: [text("", secret).value] } },
        ],
        events: [
          {
            timeUnixNano: 1n,
            name: `token=${secret}`,
            attributes: [text("api_key", secret)],
            droppedAttributesCount: 0,
          },
        ],
        resource: { attributes: [text("secret", secret)], droppedAttributesCount: 0, schemaUrl: "" },
      }),
    ]),
    head,
  );
  const { valueBytes, keyBytes } = head.columns;
  expect(valueBytes.includes(secret)).toBe(false);
  expect(keyBytes.includes(secret)).toBe(false);
  expect(spansOf(head)[0]?.attributes).toEqual([
    text("db.password", "[REDACTED]"),
    text("token", "[REDACTED]"),
  ]);
});

test("a batch that is malformed, or does not fit, leaves no row behind", () => {
  const head = new Head(small, alreadyClean, 7);
  const span = exampleSpan({ attributes: [text("a", "b")] });
  decodeIntoHead(encodeBatch([span]), head);
  const cut = encodeBatch([span, exampleSpan({ spanId: "1".repeat(16) })]).slice(0, -1);
  expect(() => decodeIntoHead(cut, head)).toThrow(MalformedProtobufError);
  const many = Array.from({ length: 64 }, (_, at) =>
    exampleSpan({ spanId: String(at + 1).padStart(16, "0") }),
  );
  expect(() => decodeIntoHead(encodeBatch(many), head)).toThrow(HeadFullError);
  const long = exampleSpan({ attributes: [text("long", "x".repeat(70_000))] });
  expect(() => decodeIntoHead(encodeBatch([long]), head)).toThrow(HeadFullError);
  expect(spansOf(head)).toEqual([span]);
  decodeIntoHead(encodeBatch([exampleSpan({ spanId: "2".repeat(16) })]), head);
  expect(spansOf(head)).toHaveLength(2);
});

test("a head is restored from its columns", () => {
  const head = new Head(small, alreadyClean, 7);
  decodeIntoHead(encodeBatch([exampleSpan({ attributes: [text("a", "b")] })]), head);
  const again = new Head(small, alreadyClean, 9, {
    buffers: head.columns.buffers,
    counts: { ...head.counts },
  });
  const before = { ...again.counts };
  decodeIntoHead(encodeBatch([exampleSpan({ spanId: "2".repeat(16), attributes: [text("a", "b")] })]), again);
  expect(again.counts).toEqual({ ...before, rows: 2, attrs: 2 });
  expect(
    new HeadReader(again.columns, again.counts).rowsOf(
      new Uint32Array(again.columns.traceIds.subarray(0, 4)),
    ),
  ).toEqual([1, 0]);
});

test("tables that one head after the other uses hold what the present one got", () => {
  const tables = newTables();
  const size = (head: Head): number => {
    decodeIntoHead(encodeBatch([exampleSpan({ attributes: [text("a", "1"), text("b", "2")] })]), head);
    return tables.seen.size;
  };
  const first = size(new Head(small, alreadyClean, 7, { tables }));
  const second = new Head(small, alreadyClean, 8, { tables });
  expect(tables.seen.size).toBe(0);
  expect(size(second)).toBe(first);
  expect(spansOf(second)).toHaveLength(1);
});
