import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  fieldsOf,
  MalformedMessage,
  partialSuccess,
  readable,
  retryDelayMs,
  statusMessage,
} from "./rpc-status.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

test("an answer without partial_success, or with an empty one, is a full success", () => {
  for (const hex of ["", "0a00"]) expect(partialSuccess(bytes(hex))).toEqual({ rejected: 0, message: "" });
});

test("a negative number of rejected spans is none", () => {
  expect(partialSuccess(bytes("0a0b 08ffffffffffffffffff01")).rejected).toBe(0);
});

test("fields that a later version may add are passed over", () => {
  const later = "7801 7a026869 7d00000000 790000000000000000";
  expect(partialSuccess(bytes(`0a02 0803 ${later}`))).toEqual({ rejected: 3, message: "" });
});

test("of a field that comes twice, the last one counts", () => {
  expect(partialSuccess(bytes("0a02 0803 0a02 0804")).rejected).toBe(4);
});

test("what is no message is told as such", () => {
  for (const hex of ["08", "0a05 08", "0b", "00 00", "0dffff", "09ffff", "08 ffffffffffffffffffffff01"])
    expect(() => fieldsOf(bytes(hex)), hex).toThrow(MalformedMessage);
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("any bytes at all are read as fields or told as malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      statusMessage(input);
      const delay = retryDelayMs(input);
      expect(delay === undefined || delay >= 0).toBe(true);
      const read = attempt(() => fieldsOf(input));
      expect(read instanceof MalformedMessage || Array.isArray(read)).toBe(true);
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

test("what a receiver says becomes one line of 200 characters at most", () => {
  expect(readable("a\r\nb\u0000\u001b[31mc\u0085d ")).toBe("a b [31mc d");
  expect(readable("x".repeat(1_000))).toHaveLength(200);
});
