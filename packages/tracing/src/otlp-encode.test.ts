import { SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSpans, rejectedSpans } from "./otlp-encode.ts";

function recorded(make: (provider: TracerProvider) => void): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const resource = resourceFromAttributes({ "service.name": "shop", "process.pid": 42, list: ["a", "b"] });
  make(new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }));
  return memory.getFinishedSpans();
}

/** Which fields of which message are messages themselves, by their numbers; attributes and values are in each other. */
interface Schema {
  [field: number]: Schema;
}
const anyValue: Schema = {};
const attribute: Schema = { 2: anyValue };
Object.assign(anyValue, { 5: { 1: anyValue }, 6: { 1: attribute } });
const span: Schema = { 9: attribute, 11: { 3: attribute }, 13: { 4: attribute }, 15: {} };
const request: Schema = { 1: { 1: { 1: attribute }, 2: { 1: { 3: attribute }, 2: span } } };

/** A message as a readable tree, without the fields that say nothing: zero numbers and empty strings outside of values. */
function tree(bytes: Buffer, schema: Schema): unknown[] {
  const fields: unknown[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, kind] = [tag >>> 3, tag & 7];
    const size = kind === 1 ? 8 : kind === 5 ? 4 : Number(varint());
    const content = kind === 0 ? size : bytes.subarray(at, (at += size));
    const inner = schema[field];
    const isEmpty =
      (content === 0 || (content instanceof Buffer && content.length === 0)) &&
      schema !== anyValue &&
      inner === undefined;
    if (isEmpty) continue;
    if (content instanceof Buffer)
      fields.push([field, inner === undefined ? content.toString("hex") : tree(content, inner)]);
    else fields.push([field, content]);
  }
  return fields;
}

/** OpenTelemetry's own serializer is the yardstick: the same fields in the same order. */
function expectSameMessage(spans: ReadableSpan[]): void {
  const theirs = ProtobufTraceSerializer.serializeRequest(spans);
  expect(tree(Buffer.from(encodeSpans(spans)), request)).toEqual(tree(Buffer.from(theirs ?? []), request));
}

test("a span with all that a span can have is encoded as OpenTelemetry's own serializer does it", () => {
  const spans = recorded((provider) => {
    const remote = {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
      traceState: new TraceState("vendor=1"),
    };
    const parent = trace.setSpanContext(ROOT_CONTEXT, remote);
    const first = provider
      .getTracer("first", "1.2.3")
      .startSpan(
        "über",
        { kind: SpanKind.CLIENT, links: [{ context: remote, attributes: { why: "test" } }] },
        parent,
      );
    first.setAttributes({
      text: "täxt",
      yes: true,
      no: false,
      zero: 0,
      int: 7,
      negative: -5,
      big: 2 ** 52,
      double: 1.5,
      list: ["a", "b"],
      numbers: [1, 2.5],
    });
    first.addEvent("happened", { detail: "so" });
    first.recordException(new Error("broken"));
    first.setStatus({ code: SpanStatusCode.ERROR, message: "broken" });
    first.end();
    provider.getTracer("second").startSpan("root").end();
    provider.getTracer("first", "1.2.3").startSpan("again", { kind: SpanKind.CONSUMER }).end();
  });
  expectSameMessage(spans);
});

test("any attributes are encoded as OpenTelemetry's own serializer does it", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noInteger: true }),
    fc.array(fc.string()),
    fc.array(fc.integer()),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (attributes) => {
      const wellFormed = Object.entries(attributes).filter(([key]) => key !== "__proto__");
      expectSameMessage(
        recorded((provider) =>
          provider
            .getTracer("t")
            .startSpan("s", { attributes: Object.fromEntries(wellFormed) })
            .end(),
        ),
      );
    }),
    { numRuns: 200 },
  );
});

test("a batch larger than the first buffer is whole", () => {
  expectSameMessage(
    recorded((provider) => {
      for (let at = 0; at < 200; at++)
        provider
          .getTracer("t")
          .startSpan(`span ${at}`, { attributes: { text: "x".repeat(at * 10) } })
          .end();
    }),
  );
});

test("the count of rejected spans is read from the answer, and from nothing else", () => {
  expect(rejectedSpans(new Uint8Array())).toBe(0);
  expect(rejectedSpans(Uint8Array.from([0x0a, 0x04, 0x08, 0xac, 0x02, 0x12]))).toBe(300);
  expect(rejectedSpans(Uint8Array.from([0xff, 0xff, 0xff]))).toBe(0);
});
