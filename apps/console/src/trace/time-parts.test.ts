import { expect, test } from "vitest";
import { treeOf } from "./rows.ts";
import { spanOf } from "./span-of.test-data.ts";
import { queueWaits, selfParts } from "./time-parts.ts";

const at = (spanId: string, depth: number, fromNs: number, toNs: number) =>
  spanOf({ spanId, depth, startOffsetNs: fromNs, durationNs: toNs - fromNs });

test("self time lies where no child ran", () => {
  const tree = treeOf([at("root", 0, 0, 100), at("a", 1, 10, 30), at("a1", 2, 12, 14), at("b", 1, 50, 90)]);
  expect(selfParts(tree, 0)).toEqual([
    { fromNs: 0, toNs: 10 },
    { fromNs: 30, toNs: 50 },
    { fromNs: 90, toNs: 100 },
  ]);
  expect(selfParts(tree, 1)).toEqual([
    { fromNs: 10, toNs: 12 },
    { fromNs: 14, toNs: 30 },
  ]);
  expect(selfParts(tree, 3)).toEqual([{ fromNs: 50, toNs: 90 }]);
});

test("parallel children count once, and what runs on after the parent takes nothing more", () => {
  const tree = treeOf([at("root", 0, 0, 100), at("a", 1, 10, 60), at("b", 1, 20, 40), at("c", 1, 90, 500)]);
  expect(selfParts(tree, 0)).toEqual([
    { fromNs: 0, toNs: 10 },
    { fromNs: 60, toNs: 90 },
  ]);
});

test("a child that starts after its parent's end leaves the parent's time alone", () => {
  const tree = treeOf([at("root", 0, 0, 100), at("late", 1, 300, 400)]);
  expect(selfParts(tree, 0)).toEqual([{ fromNs: 0, toNs: 100 }]);
});

test("children that cover all leave no self time", () => {
  expect(selfParts(treeOf([at("root", 0, 0, 100), at("all", 1, 0, 100)]), 0)).toEqual([]);
});

test("a job waits from the end of its message to its first attempt, then from attempt to attempt", () => {
  const attempt = (spanId: string, fromNs: number, toNs: number) =>
    spanOf({
      spanId,
      depth: 1,
      kind: "consumer",
      parentSpanId: "queued",
      startOffsetNs: fromNs,
      durationNs: toNs - fromNs,
    });
  const waits = queueWaits([
    spanOf({ spanId: "queued", kind: "producer", startOffsetNs: 5, durationNs: 5 }),
    attempt("first", 40, 90),
    spanOf({ spanId: "work", depth: 2, kind: "internal", parentSpanId: "first" }),
    attempt("second", 150, 190),
  ]);
  expect([...waits]).toEqual([
    ["first", { fromNs: 10, toNs: 40 }],
    ["second", { fromNs: 90, toNs: 150 }],
  ]);
});

test("no wait is shown for an attempt that began before its message was written, or has no message", () => {
  const waits = queueWaits([
    spanOf({ spanId: "queued", kind: "producer", startOffsetNs: 5, durationNs: 50 }),
    spanOf({ spanId: "early", kind: "consumer", parentSpanId: "queued", startOffsetNs: 20 }),
    spanOf({ spanId: "stray", kind: "consumer", parentSpanId: "gone", startOffsetNs: 90 }),
  ]);
  expect(waits.size).toBe(0);
});
