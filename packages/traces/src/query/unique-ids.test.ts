import { expect, test } from "vitest";
import { exampleSpan } from "../store/example-spans.ts";
import { withUniqueIds } from "./unique-ids.ts";

const id = (digit: string): string => digit.repeat(16);
const first = "0000000000000001";
const second = "0000000000000002";

test("a server span that shares its client's id gets its own, below the client, above the client's children", () => {
  const trace = [
    exampleSpan({ spanId: id("a"), kind: 3, name: "call" }),
    exampleSpan({ spanId: id("a"), kind: 2, name: "serve", parentSpanId: id("f") }),
    exampleSpan({ spanId: first, kind: 1, name: "work", parentSpanId: id("a") }),
  ];
  expect(
    withUniqueIds(trace).map(({ name, spanId, parentSpanId }) => ({ name, spanId, parentSpanId })),
  ).toEqual([
    { name: "call", spanId: id("a"), parentSpanId: "" },
    { name: "serve", spanId: second, parentSpanId: id("a") },
    { name: "work", spanId: first, parentSpanId: second },
  ]);
});

test("a trace without shared ids stays as it is", () => {
  const trace = [exampleSpan({ kind: 3 }), exampleSpan({ spanId: id("b"), kind: 2 })];
  expect(withUniqueIds(trace)).toBe(trace);
});
