import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { encodeBatch } from "./batch-encoding.ts";
import { exampleSpan } from "./example-spans.ts";
import { MemoryIndex } from "./memory-index.ts";

const bool = (value: boolean): SpanRecord["attributes"] => [
  { key: "slow_trace", value: { type: "bool", value } },
];

/** A webhook that left early and a worker's span that knew better, in segments of their own; and a trace that was not slow. */
function index(): MemoryIndex {
  const index = new MemoryIndex();
  const slow = "a".repeat(32);
  index.add(0, encodeBatch([exampleSpan({ traceId: slow, name: "webhook", attributes: bool(false) })]));
  index.add(
    1,
    encodeBatch([
      exampleSpan({ traceId: slow, spanId: "2".repeat(16), name: "work", attributes: bool(true) }),
    ]),
  );
  index.add(
    1,
    encodeBatch([exampleSpan({ traceId: "b".repeat(32), name: "webhook", attributes: bool(false) })]),
  );
  return index;
}

async function found(operation: string | undefined, value: string): Promise<string[]> {
  const tags = [{ key: "slow_trace", value }];
  const traces = await index().search({ tags, limit: 10, ...(operation === undefined ? {} : { operation }) });
  return traces.map(([span]) => span?.traceId.slice(0, 1) ?? "");
}

test("a slow trace is found whichever of its spans is searched", async () => {
  expect(await found(undefined, "true")).toEqual(["a"]);
  expect(await found("webhook", "true")).toEqual(["a"]);
  expect(await found("work", "true")).toEqual(["a"]);
  expect(await found("webhook", "false")).toEqual(["b"]);
});

test("all spans of a slow trace say so, those of another say what they said", async () => {
  const traces = await index().traces(["a".repeat(32), "b".repeat(32)]);
  const said = traces.map((spans) => spans.map(({ attributes }) => attributes));
  expect(said).toEqual([[bool(true), bool(true)], [bool(false)]]);
});
