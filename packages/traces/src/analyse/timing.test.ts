import { bottleneckOf } from "@throughline/api/trace-timing";
import { array, assert, nat, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { exampleSpan } from "../store/example-spans.ts";
import { timeTree } from "./timing.ts";
import { buildTree } from "./tree.ts";

const hex = (id: number): string => id.toString(16).padStart(16, "0");

/** Rows of [parent, start, end]; ids count from 1, parent 0 is none. */
function timed(rows: readonly (readonly [number, number, number])[]) {
  const tree = buildTree(
    rows.map(([parent, start, end], index) =>
      exampleSpan({
        spanId: hex(index + 1),
        parentSpanId: parent === 0 ? "" : hex(parent),
        name: String(index + 1),
        startUnixNano: BigInt(start),
        endUnixNano: BigInt(end),
      }),
    ),
  );
  const timing = timeTree(tree);
  const bottleneck = bottleneckOf(timing.durationNs, timing.selfTimes);
  return {
    timing,
    selfTimes: Object.fromEntries(tree.spans.map(({ name }, index) => [name, timing.selfTimes[index]])),
    bottleneck: bottleneck === undefined ? undefined : tree.spans[bottleneck]?.name,
  };
}

test("self time is the duration that no child covers, overlapping children counted once", () => {
  const { selfTimes } = timed([
    [0, 0, 100],
    [1, 10, 40],
    [1, 30, 60],
    [1, 35, 50],
    [3, 30, 60],
  ]);
  expect(selfTimes).toEqual({ 1: 50, 2: 30, 3: 0, 4: 15, 5: 30 });
});

test("a child counts only as far as it lies within its parent", () => {
  const { selfTimes } = timed([
    [0, 100, 200],
    [1, 50, 120],
    [1, 190, 900],
    [1, 300, 400],
  ]);
  expect(selfTimes).toEqual({ 1: 70, 2: 70, 3: 710, 4: 100 });
});

test("the guide's example: the ticket history is the bottleneck", () => {
  const { timing, selfTimes, bottleneck } = timed([
    [0, 0, 60],
    [1, 1, 31],
    [2, 1, 26],
    [2, 26, 29],
    [2, 29, 31],
    [1, 31, 46],
    [1, 46, 60],
  ]);
  expect(selfTimes).toEqual({ 1: 1, 2: 0, 3: 25, 4: 3, 5: 2, 6: 15, 7: 14 });
  expect(bottleneck).toBe("3");
  expect(timing.durationNs).toBe(60);
});

test("time in which no span ran belongs to none", () => {
  const { bottleneck } = timed([
    [0, 0, 10],
    [1, 1_000, 1_020],
  ]);
  expect(bottleneck).toBe("2");
});

test("an instant trace has no bottleneck, and a span that ends before it starts no duration", () => {
  expect(timed([[0, 5, 5]]).bottleneck).toBeUndefined();
  expect(timed([[0, 9, 5]]).timing).toMatchObject({
    durationNs: 0,
    durations: [0],
    selfTimes: Float64Array.of(0),
  });
});

test("offsets and durations are exact to the nanosecond today", () => {
  const start = 1_700_000_000_123_456_789n;
  const tree = buildTree([exampleSpan({ startUnixNano: start, endUnixNano: start + 3_600_000_000_001n })]);
  expect(timeTree(tree)).toMatchObject({ startUnixNano: start, durationNs: 3_600_000_000_001 });
});

test("self times are what is left of a span when its children are painted over it", () => {
  const row = tuple(nat({ max: 5 }), nat({ max: 30 }), nat({ max: 30 }));
  assert(
    property(array(row, { minLength: 1, maxLength: 6 }), (drawn) => {
      const rows = drawn.map(
        ([parent, start, length], index) => [Math.min(parent, index), start, start + length] as const,
      );
      const { selfTimes } = timed(rows);
      rows.forEach(([, start, end], index) => {
        const children = rows.filter(([parent]) => parent === index + 1);
        let left = 0;
        for (let tick = start; tick < end; tick++) {
          if (!children.some(([, from, until]) => from <= tick && tick < until)) left++;
        }
        expect(selfTimes[index + 1]).toBe(left);
      });
    }),
  );
});
