import { expect, test } from "vitest";
import { ancestorsOf, foldableFrom, treeOf, visibleRows } from "./rows.ts";
import { spanOf } from "./span-of.test-data.ts";

const spans = [
  spanOf({ spanId: "root", depth: 0 }),
  spanOf({ spanId: "a", depth: 1 }),
  spanOf({ spanId: "a1", depth: 2 }),
  spanOf({ spanId: "a2", depth: 2 }),
  spanOf({ spanId: "b", depth: 1 }),
  spanOf({ spanId: "second-root", depth: 0 }),
];
const tree = treeOf(spans);
const idsOf = (collapsed: string[]) => visibleRows(tree, new Set(collapsed)).map(({ span }) => span.spanId);

test("unfolded, every span has its row and knows how many stand below it", () => {
  const rows = visibleRows(tree, new Set());
  expect(rows.map(({ span, descendants }) => [span.spanId, descendants])).toEqual([
    ["root", 4],
    ["a", 2],
    ["a1", 0],
    ["a2", 0],
    ["b", 0],
    ["second-root", 0],
  ]);
});

test("a folded span hides what stands below it and nothing else", () => {
  expect(idsOf(["a"])).toEqual(["root", "a", "b", "second-root"]);
  expect(idsOf(["root", "a"])).toEqual(["root", "second-root"]);
  expect(idsOf(["b"])).toHaveLength(6);
});

test("the way to a span leads over its ancestors only", () => {
  expect(ancestorsOf(spans, "a2")).toEqual(["a", "root"]);
  expect(ancestorsOf(spans, "second-root")).toEqual([]);
  expect(ancestorsOf(spans, "unknown")).toEqual([]);
});

test("what can be folded from a level down has something below it", () => {
  expect(foldableFrom(tree, 0)).toEqual(["root", "a"]);
  expect(foldableFrom(tree, 1)).toEqual(["a"]);
});

test("a chain of a hundred thousand spans is laid out", () => {
  const chain = Array.from({ length: 100_000 }, (_, depth) => spanOf({ spanId: String(depth), depth }));
  const deep = treeOf(chain);
  expect(visibleRows(deep, new Set())).toHaveLength(100_000);
  expect(visibleRows(deep, new Set(["10"]))).toHaveLength(11);
  expect(ancestorsOf(chain, "99999")).toHaveLength(99_999);
});

test("an empty trace has no rows", () => {
  expect(visibleRows(treeOf([]), new Set())).toEqual([]);
});
