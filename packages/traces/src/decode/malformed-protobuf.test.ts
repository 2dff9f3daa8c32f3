import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue } from "../model.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { anySpan, exampleSpan } from "../store/example-spans.ts";
import { decodeOtlpProtobuf, valueDepthLimit } from "./otlp-protobuf.ts";
import { MalformedProtobufError } from "./protobuf-reader.ts";

function outcome(bytes: Uint8Array): "decoded" | "refused" {
  try {
    decodeOtlpProtobuf(bytes);
    return "decoded";
  } catch (error) {
    if (error instanceof MalformedProtobufError) return "refused";
    throw error;
  }
}

test("any bytes are decoded or refused, never anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(["decoded", "refused"]).toContain(outcome(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test("a valid message with any byte changed, or cut anywhere, is decoded or refused", () => {
  fc.assert(
    fc.property(anySpan, fc.nat(), fc.nat({ max: 255 }), (span, where, byte) => {
      const bytes = encodeBatch([span]);
      const at = where % bytes.length;
      expect(["decoded", "refused"]).toContain(outcome(bytes.slice(0, at)));
      bytes[at] = byte;
      expect(["decoded", "refused"]).toContain(outcome(bytes));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a length beyond the end", "0aff01"],
  ["a length of 4 GiB", "0affffffff0f"],
  ["a varint of eleven bytes", "08ffffffffffffffffffffff01"],
  ["field number zero", "0000"],
  ["wire type 6", "0e"],
  ["wire type 7", "0f"],
  ["the end of a group that never began", "0c"],
  ["a group without an end", "0b0801"],
  ["a group that ends as another", "0b14"],
  ["a fixed64 cut short", "0901020304"],
])("%s is refused with the place", (_what, hex) => {
  expect(() => decodeOtlpProtobuf(Buffer.from(hex, "hex"))).toThrow(/at byte \d+$/);
});

test("groups nested a million deep are refused", () => {
  expect(outcome(Buffer.alloc(1_000_000, 0x0b))).toBe("refused");
});

test("values nested to the limit are decoded, deeper ones refused", () => {
  const nested = (depth: number): Uint8Array => {
    let value: AttributeValue = { type: "bool", value: true };
    for (let level = 0; level < depth; level++) value = { type: "array", value: [value] };
    return encodeBatch([exampleSpan({ attributes: [{ key: "nested", value }] })]);
  };
  expect(outcome(nested(valueDepthLimit))).toBe("decoded");
  expect(outcome(nested(valueDepthLimit + 1))).toBe("refused");
  expect(outcome(nested(300))).toBe("refused");
});
