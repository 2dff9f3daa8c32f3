import { expect, test } from "vitest";
import { exampleSpan } from "../store/example-spans.ts";
import { BatchBuilder } from "./batch-builder.ts";

const good = exampleSpan();

test.each([
  ["an empty trace id", { traceId: "" }, /^trace_id must be 16 bytes/],
  ["a trace id of zeros", { traceId: "0".repeat(32) }, /^trace_id must be 16 bytes/],
  ["a trace id of eight bytes", { traceId: "a".repeat(16) }, /^trace_id must be 16 bytes/],
  ["a span id of zeros", { spanId: "0".repeat(16) }, /^span_id must be 8 bytes/],
  ["a span id that is no hex", { spanId: "zzzzzzzzzzzzzzzz" }, /^span_id must be 8 bytes/],
  ["a parent id of four bytes", { parentSpanId: "a".repeat(8) }, /^parent_span_id must be empty or 8 bytes/],
])("%s refuses that span alone and says why", (_what, wrong, reason) => {
  const builder = new BatchBuilder();
  builder.add(exampleSpan(wrong));
  builder.add(good);
  const { spans, rejected, rejectedReason } = builder.batch();
  expect(spans).toEqual([good]);
  expect(rejected).toBe(1);
  expect(rejectedReason).toMatch(reason);
});

test("a parent id of zeros is a root's", () => {
  const builder = new BatchBuilder();
  builder.add(exampleSpan({ parentSpanId: "0".repeat(16) }));
  expect(builder.batch().spans[0]?.parentSpanId).toBe("");
});

test("links with invalid ids are dropped and counted", () => {
  const link = { traceState: "", attributes: [], droppedAttributesCount: 0, flags: 0 };
  const kept = { ...link, traceId: "a".repeat(32), spanId: "b".repeat(16) };
  const builder = new BatchBuilder();
  builder.add(exampleSpan({ links: [{ ...link, traceId: "", spanId: "" }, kept], droppedLinksCount: 2 }));
  expect(builder.batch().spans[0]).toMatchObject({ links: [kept], droppedLinksCount: 3 });
});
