import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeForeign } from "../src/decode/foreign.ts";
import { MalformedJsonError } from "../src/decode/json-fields.ts";
import { MalformedProtobufError } from "../src/decode/protobuf-reader.ts";
import { binaryStruct, binaryValue, compactMessage, type Fields } from "../src/decode/thrift-bytes.ts";
import { MalformedThriftError } from "../src/decode/thrift-reader.ts";
import type { ForeignEncoding } from "../src/sink.ts";
import { encodeBatch } from "../src/store/batch-encoding.ts";
import { rounds, seed } from "./rounds.ts";

const tag: Fields = [
  [1, "string", "key"],
  [2, "i32", 3],
  [6, "i64", 5n],
];
const batch: Fields = [
  [
    1,
    "struct",
    [
      [1, "string", "shop"],
      [2, "list", ["struct", [tag]]],
    ],
  ],
  [
    2,
    "list",
    [
      "struct",
      [
        [
          [1, "i64", 7n],
          [3, "i64", 8n],
          [5, "string", "work"],
          [8, "i64", 1_700_000_000_000_000n],
          [10, "list", ["struct", [tag, tag]]],
          [
            11,
            "list",
            [
              "struct",
              [
                [
                  [1, "i64", 9n],
                  [2, "list", ["struct", [tag]]],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ],
];
const datagram = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const zipkin = JSON.stringify([
  {
    traceId: "a",
    id: "b",
    name: "work",
    timestamp: 1,
    annotations: [{ timestamp: 2, value: "x|{}|0" }],
    tags: { a: "b" },
  },
]);

/** A whole request of each encoding, what is changed in it, and how it is wrapped then. */
const encodings: Record<Exclude<ForeignEncoding, "json">, [Buffer, (bytes: Buffer) => Buffer]> = {
  "zipkin-json": [Buffer.from(zipkin), (bytes) => bytes],
  "zipkin-v1-json": [Buffer.from(zipkin), (bytes) => bytes],
  "zipkin-protobuf": [Buffer.from("0a140a0100120100", "hex"), (bytes) => bytes],
  "zipkin-v1-thrift": [binaryValue(["list", ["struct", [batch]]]), (bytes) => bytes],
  "jaeger-thrift": [binaryStruct(batch), (bytes) => bytes],
  "jaeger-compact-datagrams": [compactMessage("emitBatch", 4, [[1, "struct", batch]]), datagram],
  "jaeger-binary-datagrams": [binaryStruct(batch), datagram],
};

test.each(Object.keys(encodings) as (keyof typeof encodings)[])(
  "garbage as %s is refused, or becomes spans that OTLP can carry",
  (encoding) => {
    const [whole, wrap] = encodings[encoding];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.nat({ max: whole.length }),
        fc.boolean(),
        (changes, end, isCut) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          const request = wrap(isCut ? bytes.subarray(0, end) : bytes);
          try {
            const { spans } = decodeForeign(request, encoding, 1_700_000_000_000);
            expect(encodeBatch(spans)).toBeInstanceOf(Uint8Array);
          } catch (error) {
            const isRefusal =
              error instanceof MalformedJsonError ||
              error instanceof MalformedProtobufError ||
              error instanceof MalformedThriftError;
            if (!isRefusal) throw error;
          }
        },
      ),
      { numRuns: rounds(40_000), seed },
    );
  },
  3_600_000,
);
