import type { CallStructure } from "@throughline/api";
import { expect, test } from "vitest";
import { changedOnly, mergeStructures } from "./merge.ts";

/** Nodes as [name, parent, total of one span]. */
function structure(...nodes: [name: string, parent: number, totalNs: number][]): CallStructure {
  return {
    traces: 1,
    spans: nodes.length,
    isPartial: false,
    p50Ns: 0,
    p95Ns: 0,
    nodes: nodes.map(([name, parent, totalNs]) => ({
      parent,
      service: "shop",
      name,
      traces: 1,
      spans: 1,
      errors: 0,
      totalNs,
      selfNs: totalNs,
      p50Ns: totalNs,
      p95Ns: totalNs,
    })),
  };
}

const before = structure(["root", -1, 100], ["a", 0, 50], ["gone", 1, 5], ["b", 0, 40]);
const after = structure(["root", -1, 102], ["b", 0, 41], ["a", 0, 80], ["new", 2, 7]);

test("equal paths are one line, what is on one side only stands below its caller", () => {
  const merged = mergeStructures(before, after);
  expect(
    merged.map(({ name, depth, changeNs, before: old, after: now }) => [
      "-".repeat(depth) + name,
      changeNs ?? (old === undefined ? "only after" : now === undefined ? "only before" : ""),
    ]),
  ).toEqual([
    ["root", 2],
    ["-a", 30],
    ["--gone", "only before"],
    ["--new", "only after"],
    ["-b", 1],
  ]);
});

test("of what has changed the callers are shown too, what has not is left out", () => {
  expect(changedOnly(mergeStructures(before, after)).map(({ name }) => name)).toEqual([
    "root",
    "a",
    "gone",
    "new",
  ]);
});

test("a chain 5,000 deep is merged like any other", () => {
  const chain = structure(
    ...Array.from({ length: 5_000 }, (_, at): [string, number, number] => ["call", at - 1, 5_000 - at]),
  );
  expect(mergeStructures(chain, chain).at(-1)?.depth).toBe(4_999);
});
