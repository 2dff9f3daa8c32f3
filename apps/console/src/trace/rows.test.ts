import { expect, test } from "vitest";
import { deepestLevel, isFolded, nothingFolded, rowOf, turned, unfoldedTo, visibleRows } from "./rows.ts";
import { chainOf, traceOf } from "./trace.test-data.ts";

/** 0: root, 1: a, 2: a1, 3: a11, 4: b, 5: b1 */
const trace = traceOf([{}, { parent: 0 }, { parent: 1 }, { parent: 2 }, { parent: 0 }, { parent: 4 }]);
const id = (at: number): string => trace.spanId(at);

test("all rows are seen until something is folded, which hides what is below it", () => {
  expect([...visibleRows(trace, nothingFolded)]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...visibleRows(trace, turned(nothingFolded, id(1)))]).toEqual([0, 1, 4, 5]);
  expect([...visibleRows(trace, turned(nothingFolded, id(3)))]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("folded by level, a single span can be unfolded again", () => {
  const byLevel = { fromLevel: 1, turned: new Set<string>() };
  expect([...visibleRows(trace, byLevel)]).toEqual([0, 1, 4]);
  expect([...visibleRows(trace, turned(byLevel, id(4)))]).toEqual([0, 1, 4, 5]);
  expect(isFolded(trace, byLevel, 5)).toBe(false);
});

test("the way to a span is unfolded, and nothing else", () => {
  const byLevel = { fromLevel: 0, turned: new Set<string>() };
  expect([...visibleRows(trace, unfoldedTo(trace, byLevel, 3))]).toEqual([0, 1, 2, 3, 4]);
  expect(unfoldedTo(trace, nothingFolded, 3)).toBe(nothingFolded);
});

test("a subtree alone is seen from its own root", () => {
  expect([...visibleRows(trace, nothingFolded, 1)]).toEqual([1, 2, 3]);
});

test("a span's line is found, and that it has none", () => {
  const rows = visibleRows(trace, turned(nothingFolded, id(1)));
  expect([0, 1, 2, 4, 5].map((at) => rowOf(rows, at))).toEqual([0, 1, -1, 2, 3]);
});

test("a chain 100,000 deep is folded, unfolded and focused like any other", () => {
  const chain = chainOf(100_000);
  expect(deepestLevel(chain)).toBe(99_999);
  expect(visibleRows(chain, nothingFolded)).toHaveLength(100_000);
  expect(visibleRows(chain, { fromLevel: 10, turned: new Set() })).toHaveLength(11);
  expect(visibleRows(chain, nothingFolded, 99_990)).toHaveLength(10);
  const open = unfoldedTo(chain, turned(nothingFolded, chain.spanId(50_000)), 99_999);
  expect(visibleRows(chain, open)).toHaveLength(100_000);
});
