import type { SpanView } from "@throughline/api";
import { expect, test } from "vitest";
import { ancestorsOf, queueWaits, visibleRows } from "./rows.ts";

function span(spanId: string, depth: number, overrides: Partial<SpanView> = {}): SpanView {
  return {
    spanId,
    parentSpanId: null,
    parentMissing: false,
    name: spanId,
    service: "s",
    kind: "internal",
    startOffsetNs: 0,
    durationNs: 10,
    selfNs: 10,
    depth,
    status: "unset",
    statusMessage: "",
    attributes: [],
    events: [],
    links: [],
    resource: [],
    scope: { name: "", version: "" },
    ...overrides,
  };
}

const tree = [span("a", 0), span("b", 1), span("c", 2), span("d", 1), span("e", 0)];
const ids = (collapsed: string[]) =>
  visibleRows(tree, new Set(collapsed)).map(({ span: { spanId } }) => spanId);

test("a folded span hides all that stands below it, and nothing else", () => {
  expect(ids([])).toEqual(["a", "b", "c", "d", "e"]);
  expect(ids(["b"])).toEqual(["a", "b", "d", "e"]);
  expect(ids(["a"])).toEqual(["a", "e"]);
  expect(ids(["a", "b"])).toEqual(["a", "e"]);
});

test("each row knows how many spans stand below it", () => {
  expect(visibleRows(tree, new Set()).map(({ descendants }) => descendants)).toEqual([3, 1, 0, 0, 0]);
});

test("the way to a span goes from its parent up to the root", () => {
  expect(ancestorsOf(tree, "c")).toEqual(["b", "a"]);
  expect(ancestorsOf(tree, "e")).toEqual([]);
  expect(ancestorsOf(tree, "none")).toEqual([]);
});

test("a chain of a hundred thousand spans is laid out", () => {
  const chain = Array.from({ length: 100_000 }, (_, depth) => span(String(depth), depth));
  expect(visibleRows(chain, new Set())[0]?.descendants).toBe(99_999);
});

test("the queue wait runs from the producer's end to the attempt, and for a retry from the attempt before", () => {
  const waits = queueWaits([
    span("queued", 0, { kind: "producer", startOffsetNs: 0, durationNs: 10 }),
    span("first", 1, { kind: "consumer", parentSpanId: "queued", startOffsetNs: 30, durationNs: 20 }),
    span("second", 1, { kind: "consumer", parentSpanId: "queued", startOffsetNs: 90, durationNs: 5 }),
  ]);
  expect(Object.fromEntries(waits)).toEqual({
    first: { fromNs: 10, toNs: 30 },
    second: { fromNs: 50, toNs: 90 },
  });
});
