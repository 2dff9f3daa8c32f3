import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anySpan, exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { pack, unpack } from "./span-transfer.ts";

test("any traces come out as they went in, through a copy between threads", () => {
  const traces = fc.array(fc.array(anySpan, { minLength: 1, maxLength: 5 }), { maxLength: 3 });
  fc.assert(
    fc.property(traces, (all) => {
      const whole = all.map((spans) => spans.map((span) => ({ ...span, traceId: spans[0]?.traceId ?? "" })));
      expect(unpack(structuredClone(pack(whole)))).toEqual(whole);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("what spans shared they share afterwards", () => {
  const attribute = text("a", "b");
  const resource = resourceOf("shop");
  const [trace] = unpack(
    pack([
      [
        exampleSpan({ attributes: [attribute], resource }),
        exampleSpan({ attributes: [attribute], resource }),
      ],
    ]),
  );
  expect(trace?.[0]?.attributes[0]).toBe(trace?.[1]?.attributes[0]);
  expect(trace?.[0]?.resource).toBe(trace?.[1]?.resource);
  expect(unpack(pack([]))).toEqual([]);
});
