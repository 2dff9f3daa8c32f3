import { array, assert, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { exampleSpan } from "../store/example-spans.ts";
import type { SpanRecord } from "../model.ts";
import { buildTree } from "./tree.ts";

const hex = (id: number): string => id.toString(16).padStart(16, "0");

/** A span with a small number for its id, 0 for no parent. */
function span(id: number, parent: number, start = id): SpanRecord {
  return exampleSpan({
    spanId: hex(id),
    parentSpanId: parent === 0 ? "" : hex(parent),
    name: String(id),
    startUnixNano: BigInt(start),
    endUnixNano: BigInt(start + 1),
  });
}

function outline(spans: readonly SpanRecord[]): string[] {
  const tree = buildTree(spans);
  return tree.spans.map(({ name }, index) => `${"-".repeat(tree.depths[index] ?? 0)}${name}`);
}

test("spans come parent before child, siblings by start, whatever order they came in", () => {
  const spans = [span(5, 3), span(4, 1, 50), span(3, 1, 40), span(2, 1, 30), span(1, 0)];
  expect(outline(spans)).toEqual(["1", "-2", "-3", "--5", "-4"]);
});

test("a span whose parent is missing is a root", () => {
  expect(outline([span(2, 9, 1), span(1, 0, 5)])).toEqual(["2", "1"]);
});

test("a span that names itself as its parent is a root", () => {
  expect(outline([span(1, 1), span(2, 1)])).toEqual(["1", "-2"]);
});

test("a cycle begins at its earliest span and every span stands once", () => {
  expect(outline([span(2, 3), span(3, 4), span(4, 2), span(5, 3), span(1, 0)])).toEqual([
    "1",
    "2",
    "-4",
    "--3",
    "---5",
  ]);
});

test("any graph of parents gives each span once, below its parent", () => {
  const parents = array(nat({ max: 12 }), { maxLength: 12 });
  assert(
    property(parents, (list) => {
      const tree = buildTree(list.map((parent, index) => span(index + 1, parent)));
      expect(tree.spans.map(({ name }) => name).sort()).toEqual(
        list.map((_, index) => String(index + 1)).sort(),
      );
      tree.parents.forEach((parent, index) => {
        expect(parent).toBeLessThan(index);
        expect(tree.depths[index]).toBe(parent < 0 ? 0 : (tree.depths[parent] ?? 0) + 1);
        const above = tree.spans[parent];
        expect(tree.spans[index]?.parentSpanId).toBe(above?.spanId ?? tree.spans[index]?.parentSpanId);
      });
    }),
  );
});

test("a chain of 100,000 spans is a tree like any other", () => {
  const tree = buildTree(Array.from({ length: 100_000 }, (_, index) => span(index + 1, index)).reverse());
  expect(tree.spans[0]?.name).toBe("1");
  expect(tree.depths.at(-1)).toBe(99_999);
});
