import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { warnOfClockSkew } from "./clock-skew.ts";
import { warningsOf } from "./warnings.ts";

const parentId = "a".repeat(16);
const parent = exampleSpan({ spanId: parentId, startUnixNano: 1_000_000n, endUnixNano: 9_000_000n });

function warningOfChild(child: Partial<SpanRecord>, ofParent: Partial<SpanRecord> = {}): string[] {
  const spans = [{ ...parent, ...ofParent }, exampleSpan({ parentSpanId: parentId, ...child })];
  const after = warnOfClockSkew(spans);
  expect(after.map(({ startUnixNano }) => startUnixNano)).toEqual(spans.map((span) => span.startUnixNano));
  return after.slice(1).flatMap(warningsOf);
}

test("a child outside its parent is pointed out with the shift that would centre it", () => {
  expect(warningOfChild({ startUnixNano: 0n, endUnixNano: 4_000_000n })).toEqual([
    "clock skew adjustment disabled; not applying calculated delta of 3ms",
  ]);
});

test("a child inside its parent, or one that starts after it and outlasts it, is in order", () => {
  expect(warningOfChild({ startUnixNano: 1_000_000n, endUnixNano: 9_000_000n })).toEqual([]);
  expect(warningOfChild({ startUnixNano: 2_000_000n, endUnixNano: 90_000_000n })).toEqual([]);
});

test("parent and child on one host share a clock", () => {
  const resource = { ...resourceOf("shop"), attributes: [text("host.name", "web-1")] };
  expect(warningOfChild({ startUnixNano: 0n, endUnixNano: 4_000_000n, resource }, { resource })).toEqual([]);
});

test("a missing parent and a repeated span id are pointed out", () => {
  expect(warningOfChild({ parentSpanId: "b".repeat(16) })).toEqual([
    "parent span ID=bbbbbbbbbbbbbbbb is not in the trace; skipping clock skew adjustment",
  ]);
  expect(warningOfChild({ spanId: parentId, parentSpanId: "" })).toEqual([
    "duplicate span IDs; skipping clock skew adjustment",
  ]);
});

test("spans that are each other's parents end the walk", () => {
  const [a, b] = ["a".repeat(16), "b".repeat(16)];
  const cycle = [exampleSpan({ spanId: a, parentSpanId: b }), exampleSpan({ spanId: b, parentSpanId: a })];
  expect(warnOfClockSkew(cycle)).toEqual(cycle);
});
