import { criticalPathOf } from "@throughline/api/trace-timing";
import { expect, test } from "vitest";
import { exampleSpan } from "../store/example-spans.ts";
import { timeTree } from "./timing.ts";
import { buildTree } from "./tree.ts";

/** Spans as `name: [parent, from, until]`; the path as "name from-until". */
function pathOf(spans: Record<string, [parent: string, from: number, until: number]>): string[] {
  const id = (name: string): string => (name === "" ? "" : Buffer.from(name.padEnd(8)).toString("hex"));
  const tree = buildTree(
    Object.entries(spans).map(([name, [parent, from, until]]) =>
      exampleSpan({
        name,
        spanId: id(name),
        parentSpanId: id(parent),
        startUnixNano: BigInt(1_000 + from),
        endUnixNano: BigInt(1_000 + until),
      }),
    ),
  );
  const { startOffsets: starts, durations, durationNs } = timeTree(tree);
  return criticalPathOf({ parents: tree.parents, starts, durations }, durationNs).map(
    ({ index, from, until }) => `${tree.spans[index]?.name} ${from}-${until}`,
  );
}

test("children one after the other, and what lies between them, are all on the path", () => {
  expect(pathOf({ a: ["", 0, 100], b: ["a", 10, 40], c: ["a", 50, 90] })).toEqual([
    "a 0-10",
    "b 10-40",
    "a 40-50",
    "c 50-90",
    "a 90-100",
  ]);
});

test("of children at the same time the one that ended last holds the path, the earlier one until it began", () => {
  expect(pathOf({ a: ["", 0, 100], b: ["a", 0, 60], c: ["a", 40, 100], d: ["c", 50, 70] })).toEqual([
    "b 0-40",
    "c 40-50",
    "d 50-70",
    "c 70-100",
  ]);
});

test("what outlasts its parent counts within it, several roots one after the other", () => {
  expect(pathOf({ a: ["", 0, 50], b: ["a", 20, 80], z: ["", 90, 100] })).toEqual([
    "a 0-20",
    "b 20-50",
    "z 90-100",
  ]);
});

test("a job that begins after its message was written is on the path, and so is what it does", () => {
  const path = pathOf({
    webhook: ["", 0, 10],
    message: ["webhook", 2, 4],
    job: ["message", 30, 100],
    call: ["job", 40, 90],
  });
  expect(path).toEqual([
    "webhook 0-2",
    "message 2-4",
    "webhook 4-10",
    "job 30-40",
    "call 40-90",
    "job 90-100",
  ]);
});

test("a job that begins while its message is still being written is on the path to its end", () => {
  const path = pathOf({
    webhook: ["", 0, 10],
    message: ["webhook", 2, 8],
    job: ["message", 6, 100],
    call: ["job", 40, 90],
  });
  expect(path).toEqual(["webhook 0-2", "message 2-6", "job 6-40", "call 40-90", "job 90-100"]);
});

test("a chain of 20,000 spans has a path, an instant trace has none", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, at) => [`s${at}`, [at === 0 ? "" : `s${at - 1}`, at, 40_000 - at]]),
  ) as Record<string, [string, number, number]>;
  expect(pathOf(chain)).toHaveLength(39_999);
  expect(pathOf({ a: ["", 5, 5] })).toEqual([]);
});
