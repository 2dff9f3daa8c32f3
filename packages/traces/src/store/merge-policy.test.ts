import { expect, test } from "vitest";
import type { BlockEntry } from "./manifest.ts";
import { mergeable } from "./merge-policy.ts";

function block(id: number, rows: number, isKept = false): BlockEntry {
  return { id, rows, isKept, receivedLastMs: id } as BlockEntry;
}

test("eight blocks of a size are merged, the oldest first; fewer are left alone", () => {
  const seven = Array.from({ length: 7 }, (_, at) => block(at, 100));
  expect(mergeable(seven)).toEqual([]);
  const nine = [...seven, block(7, 110), block(8, 120)];
  expect(mergeable(nine)).toEqual(nine);
});

test("what is pinned is not merged with what is not, and large blocks stay as they are", () => {
  const mixed = Array.from({ length: 14 }, (_, at) => block(at, 100, at % 2 === 0));
  expect(mergeable(mixed)).toEqual([]);
  expect(mergeable(Array.from({ length: 9 }, (_, at) => block(at, 100_000)))).toEqual([]);
});

test("a span is written again six times at most, and few blocks are left, however small they come", () => {
  let blocks: BlockEntry[] = [];
  const written = new Map<number, number>();
  let next = 0;
  let most = 0;
  for (let sealed = 0; sealed < 5_000; sealed++) {
    const one = block(next++, 1 + (sealed % 40));
    blocks.push(one);
    written.set(one.id, 0);
    for (let group = mergeable(blocks); group.length > 0; group = mergeable(blocks)) {
      const rows = group.reduce((sum, { rows: more }) => sum + more, 0);
      expect(rows).toBeLessThanOrEqual(131_072);
      const merged = block(next++, rows);
      const times = 1 + Math.max(...group.map(({ id }) => written.get(id) ?? 0));
      written.set(merged.id, times);
      most = Math.max(most, times);
      blocks = [...blocks.filter((other) => !group.includes(other)), merged];
    }
  }
  expect(most).toBeLessThanOrEqual(6);
  expect(blocks.length).toBeLessThan(60);
});
