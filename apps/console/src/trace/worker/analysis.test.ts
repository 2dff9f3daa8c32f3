import { expect, test } from "vitest";
import { chainOf, traceOf } from "../trace.test-data.ts";
import { analyse } from "./analysis.ts";
import { callGraphOf } from "./call-graph.ts";
import { callTreeOf } from "./call-tree.ts";
import { findClockSkew, shiftsOf } from "./clock-skew.ts";

test("a job waits from the end of its message to its first attempt, then from attempt to attempt", () => {
  const trace = traceOf([
    { kind: "producer", from: 5, until: 10 },
    { parent: 0, kind: "consumer", from: 40, until: 90 },
    { parent: 1, from: 50, until: 60 },
    { parent: 0, kind: "consumer", from: 150, until: 190 },
  ]);
  expect([0, 1, 2, 3].map((at) => trace.wait(at))).toEqual([
    undefined,
    { fromNs: 10, toNs: 40 },
    undefined,
    { fromNs: 90, toNs: 150 },
  ]);
  expect([...trace.analysis.attempts]).toEqual([0, 1, 0, 2]);
});

test("no wait is shown for an attempt that began before its message was written, or has no message", () => {
  const trace = traceOf([
    { kind: "producer", from: 5, until: 55 },
    { parent: 0, kind: "consumer", from: 20 },
    { kind: "consumer", from: 90 },
  ]);
  expect([1, 2].map((at) => trace.wait(at))).toEqual([undefined, undefined]);
});

test("what is called again after it failed is another attempt; what runs beside it is not", () => {
  const trace = traceOf([
    { from: 0, until: 100 },
    { parent: 0, name: "call", from: 0, until: 10, status: "error" },
    { parent: 0, name: "call", from: 5, until: 15 },
    { parent: 0, name: "get", from: 20, until: 30, status: "error" },
    { parent: 0, name: "get", from: 30, until: 40, status: "error" },
    { parent: 0, name: "get", from: 45, until: 50 },
    { parent: 0, name: "get", from: 60, until: 65 },
  ]);
  expect([...trace.analysis.attempts]).toEqual([0, 0, 0, 1, 2, 3, 0]);
});

test("spans know where what is below them ends, and whether it failed", () => {
  const trace = traceOf([{}, { parent: 0 }, { parent: 1, status: "error" }, { parent: 0 }, {}]);
  expect([...trace.analysis.ends]).toEqual([4, 3, 3, 4, 5]);
  expect([...trace.analysis.errorBelow]).toEqual([1, 1, 0, 0, 0]);
});

test("the critical path is told span by span", () => {
  const { analysis } = traceOf([
    { from: 0, until: 100 },
    { parent: 0, from: 10, until: 40 },
    { parent: 0, from: 20, until: 90 },
  ]);
  expect([...analysis.criticalEnds]).toEqual([2, 3, 4]);
  expect([...analysis.criticalFrom]).toEqual([0, 90, 10, 20]);
  expect([...analysis.criticalUntil]).toEqual([10, 100, 20, 90]);
});

test("a clock that is behind is found by the calls that seem to begin before their callers, and set right", () => {
  const trace = traceOf([
    { service: "web", kind: "client", from: 100, until: 200 },
    { parent: 0, service: "shop", kind: "server", from: 20, until: 100 },
    { parent: 1, service: "shop", from: 30, until: 40 },
  ]);
  expect(trace.skews).toEqual([{ clock: 1, reference: 0, shiftNs: 90 }]);
  const shifted = analyse(trace.columns, shiftsOf(trace.skews, 2));
  expect([...shifted.starts]).toEqual([0, 10, 20]);
  expect(shifted.totalNs).toBe(100);
  expect([...shifted.selfTimes]).toEqual([20, 70, 10]);
});

test("clocks that agree are left alone: jobs that begin after their messages, calls that outlast their callers", () => {
  const trace = traceOf([
    { service: "web", kind: "producer", from: 0, until: 10 },
    { parent: 0, service: "worker", kind: "consumer", from: 500, until: 900 },
    { parent: 1, service: "worker", kind: "client", from: 510, until: 520 },
    { parent: 2, service: "desk", kind: "server", from: 515, until: 700 },
  ]);
  expect(findClockSkew(trace.columns, trace.head.clocks.length)).toEqual([]);
});

test("equal calls are one node of the flame graph, as wide as the time in it and below", () => {
  const trace = traceOf([
    { name: "root", from: 0, until: 100 },
    { parent: 0, name: "a", from: 0, until: 30 },
    { parent: 1, name: "b", from: 0, until: 10 },
    { parent: 0, name: "a", from: 40, until: 60, status: "error" },
    { parent: 3, name: "b", from: 40, until: 45 },
  ]);
  const tree = callTreeOf(trace.columns, trace.analysis.selfTimes);
  expect([...tree.counts]).toEqual([1, 2, 2]);
  expect([...tree.parents]).toEqual([-1, 0, 1]);
  expect([...tree.selfTimes]).toEqual([50, 35, 15]);
  expect([...tree.widths]).toEqual([100, 50, 15]);
  expect([...tree.errors]).toEqual([0, 1, 0]);
  expect([...tree.longestAt]).toEqual([0, 1, 2]);
});

test("the graph has each operation once and counts calls; beyond its bound the quickest are left out", () => {
  const trace = traceOf([
    { name: "root", from: 0, until: 100 },
    { parent: 0, name: "a", from: 0, until: 30 },
    { parent: 0, name: "a", from: 40, until: 60, status: "error" },
    { parent: 2, name: "b", from: 40, until: 45 },
  ]);
  const graph = callGraphOf(trace.columns, trace.analysis.selfTimes, 2);
  expect(graph.nodes.map(({ count, errors, self }) => [count, errors, self])).toEqual([
    [1, 0, 50],
    [2, 1, 45],
  ]);
  expect(graph.edges).toEqual([{ from: 0, to: 1, calls: 2, errors: 1 }]);
  expect(graph.leftOut).toBe(1);
});

test("a chain 100,000 deep is analysed like any other trace", () => {
  const chain = chainOf(100_000);
  expect(chain.analysis.ends[0]).toBe(100_000);
  expect(chain.analysis.criticalFrom).toHaveLength(199_999);
  expect(callTreeOf(chain.columns, chain.analysis.selfTimes).depths.at(-1)).toBe(99_999);
});
