import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBatch } from "../store/batch-encoding.ts";
import { anySpan, exampleSpan, text } from "../store/example-spans.ts";
import { decodeOtlpProtobuf } from "./otlp-protobuf.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

test("every span comes back from its encoding as it went in", () => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 5 }), (spans) => {
      expect(decodeOtlpProtobuf(encodeBatch(spans))).toEqual({ spans, rejected: 0, rejectedReason: "" });
    }),
    { numRuns: 300 },
  );
});

test("spans of one resource and scope share the decoded objects", () => {
  const first = exampleSpan();
  const { spans } = decodeOtlpProtobuf(encodeBatch([first, { ...first, spanId: "00f067aa0ba902b7" }]));
  expect(spans[0]?.resource).toBe(spans[1]?.resource);
  expect(spans[0]?.scope).toBe(spans[1]?.scope);
});

test("a message longer than its buffer's first size is written whole", () => {
  const span = exampleSpan({ attributes: [text("long", "x".repeat(100_000)), text("after", "y")] });
  expect(decodeOtlpProtobuf(encodeBatch([span])).spans).toEqual([span]);
});

test("fields may stand in any order: the resource after the spans, the scope after the spans", () => {
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    writer.message(2, () => {
      writer.message(2, () => writeIds(writer));
      writer.message(1, () => writer.string(1, "the scope"));
    });
    writer.message(1, () =>
      writer.message(1, () => {
        writer.message(2, () => writer.string(1, "shop"));
        writer.string(1, "service.name");
      }),
    );
  });
  const [span] = decodeOtlpProtobuf(writer.finish()).spans;
  expect(span?.resource.attributes).toEqual([text("service.name", "shop")]);
  expect(span?.scope.name).toBe("the scope");
});

test("the last of a repeated single field wins and repeated embedded messages merge", () => {
  const [span] = decodeOtlpProtobuf(
    oneSpan((writer) => {
      writer.string(5, "first");
      writer.string(5, "second");
      writer.message(15, () => writer.string(2, "why"));
      writer.message(15, () => writer.uint32(3, 2));
      writer.message(9, () => {
        writer.string(1, "list");
        writer.message(2, () => writer.message(5, () => writer.message(1, () => writer.bool(2, true))));
        writer.message(2, () => writer.message(5, () => writer.message(1, () => writer.bool(2, false))));
      });
      writer.message(9, () => {
        writer.string(1, "oneof");
        writer.message(2, () => {
          writer.string(1, "lost");
          writer.int64(3, -1n);
        });
      });
    }),
  ).spans;
  expect(span).toMatchObject({ name: "second", statusCode: 2, statusMessage: "why" });
  expect(span?.attributes).toEqual([
    {
      key: "list",
      value: {
        type: "array",
        value: [
          { type: "bool", value: true },
          { type: "bool", value: false },
        ],
      },
    },
    { key: "oneof", value: { type: "int", value: -1n } },
  ]);
});

test("unknown fields of every wire type are skipped, groups with all they hold", () => {
  const before = new ProtobufWriter();
  writeIds(before);
  before.uint32(100, 7);
  before.fixed64(101, 7n);
  before.string(102, "of a later version");
  before.fixed32(103, 7);
  const after = new ProtobufWriter();
  after.string(5, "after");
  // 104 { 1 { 2: 5 } 3: "x" }
  const group = Buffer.from("c3060b10050c1a0178c406", "hex");
  const span = Buffer.concat([before.finish(), group, after.finish()]);
  expect(decodeOtlpProtobuf(wrapped(span)).spans[0]?.name).toBe("after");
});

test("a known field in another wire type is an unknown field", () => {
  const bytes = oneSpan((writer) => {
    writer.uint32(5, 3);
    writer.string(6, "server");
  });
  expect(decodeOtlpProtobuf(bytes).spans[0]).toMatchObject({ name: "", kind: 0 });
});

test("kinds and status codes out of range are read as zero", () => {
  const bytes = oneSpan((writer) => {
    writer.uint32(6, 6);
    writer.message(15, () => writer.int64(3, -1n));
  });
  expect(decodeOtlpProtobuf(bytes).spans[0]).toMatchObject({ kind: 0, statusCode: 0 });
});

test("text that is not UTF-8 gets replacement characters", () => {
  const bytes = oneSpan((writer) => writer.bytesField(5, Uint8Array.of(0x61, 0xff, 0x62)));
  expect(decodeOtlpProtobuf(bytes).spans[0]?.name).toBe("a\uFFFDb");
});

function oneSpan(write: (writer: ProtobufWriter) => void): Uint8Array {
  const span = new ProtobufWriter();
  writeIds(span);
  write(span);
  return wrapped(span.finish());
}

function wrapped(span: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.message(1, () => writer.message(2, () => writer.bytesField(2, span)));
  return writer.finish();
}

function writeIds(writer: ProtobufWriter): void {
  writer.hex(1, "0af7651916cd43dd8448eb211c80319c");
  writer.hex(2, "b7ad6b7169203331");
}
