import { SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
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
import { createRedactor } from "@throughline/redaction";
import { JsonBatch } from "./json-batch.ts";
import { ProtobufBatch } from "./protobuf-batch.ts";
import { ProtobufSpanEncoder } from "./protobuf-encoder.ts";

const resourceAttributes = { "service.name": "shop", "process.pid": 42, list: ["a", "b"] };
const never = () => false;
/** Random keys may happen to be sensitive ones. */
const redactor = createRedactor({ allowKeys: ["*"] });

function recorded(make: (provider: TracerProvider) => void): ReadableSpan[] {
  const memory = new InMemorySpanExporter();
  const resource = resourceFromAttributes(resourceAttributes);
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

/** What we add to each span, at the end of its attributes. */
function tagged(span: ReadableSpan): ReadableSpan {
  return Object.create(span, {
    attributes: { value: { ...span.attributes, slow_trace: false } },
  }) as ReadableSpan;
}

function protobuf(spans: readonly ReadableSpan[]): Buffer {
  const batch = new ProtobufBatch(new ProtobufSpanEncoder(redactor, resourceAttributes));
  for (const span of spans) batch.add(span, false);
  return Buffer.from(batch.body(never));
}

function json(spans: readonly ReadableSpan[]): unknown {
  const batch = new JsonBatch(redactor, resourceAttributes);
  for (const span of spans) batch.add(span, false);
  return JSON.parse(Buffer.from(batch.body(never)).toString());
}

/** OpenTelemetry's own serializers are the yardstick: the same fields. */
function expectSameMessage(spans: ReadableSpan[]): void {
  const theirs = ProtobufTraceSerializer.serializeRequest(spans.map(tagged));
  expect(sorted(tree(protobuf(spans), request))).toEqual(sorted(tree(Buffer.from(theirs ?? []), request)));
  const theirJson = new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans.map(tagged)));
  expect(withoutNothing(json(spans))).toEqual(withoutNothing(JSON.parse(theirJson)));
}

/** Protobuf leaves the order of fields free, and OTLP that of spans and scopes. */
function sorted(fields: unknown): unknown {
  if (!Array.isArray(fields)) return fields;
  const items = fields.map(sorted);
  const areFields = items.every((item) => Array.isArray(item) && typeof item[0] === "number");
  return areFields ? items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) : items;
}

function textOf(field: unknown): string {
  return JSON.stringify(field, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** Empty lists, zero counts and empty texts of a message say nothing; inside values they do. Scopes in order of name. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing).toSorted(byScopeName);
  if (typeof value !== "object" || value === null) return value;
  const told = Object.entries(value).filter(
    ([key, item]) =>
      key.endsWith("Value") ||
      !(item === 0 || item === "" || item === null || (Array.isArray(item) && item.length === 0)),
  );
  return Object.fromEntries(
    told.map(([key, item]) => {
      if (key === "intValue") return [key, String(item)];
      // JSON has no number for them: theirs is null, ours the name of proto3's mapping.
      if (key === "doubleValue" && typeof item !== "number") return [key, "not finite"];
      return [key, withoutNothing(item)];
    }),
  );
}

function byScopeName(a: unknown, b: unknown): number {
  const name = (item: unknown) => (item as { scope?: { name?: string } } | null)?.scope?.name ?? "";
  return name(a) < name(b) ? -1 : Number(name(a) > name(b));
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
  // Random text may happen to look like a secret.
  const isKept = (text: string) => redactor.text(text) === text;
  const value = fc.oneof(
    fc.string({ unit: "binary" }).filter(isKept),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noInteger: true }),
    fc.array(fc.string().filter(isKept)),
    fc.array(fc.integer()),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter(isKept), value), (attributes) => {
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

test("a span whose trace became slow after it ended is tagged when it leaves, in either encoding", () => {
  const spans = recorded((provider) => {
    for (const name of ["slow", "fast"]) provider.getTracer("t").startSpan(name).end();
  });
  const slowId = spans[0]?.spanContext().traceId;
  const isSlow = (traceId: string) => traceId === slowId;
  const binary = new ProtobufBatch(new ProtobufSpanEncoder(createRedactor(), {}));
  const text = new JsonBatch(createRedactor(), {});
  for (const batch of [binary, text]) for (const span of spans) batch.add(span, false);
  const ends = Buffer.from(binary.body(isSlow)).toString("latin1").split("slow_trace").slice(1);
  expect(ends.map((end) => end.charCodeAt(3))).toEqual([0, 1]);
  const [first, second] =
    Buffer.from(text.body(isSlow))
      .toString()
      .match(/"boolValue":\w+/g) ?? [];
  expect([first, second]).toEqual(['"boolValue":true', '"boolValue":false']);
});

test("the oldest spans can be dropped from a batch that waits", () => {
  const spans = recorded((provider) => {
    for (let at = 0; at < 6; at++)
      provider
        .getTracer(`scope ${at % 2}`)
        .startSpan(`span ${at}`)
        .end();
  });
  const binary = new ProtobufBatch(new ProtobufSpanEncoder(createRedactor(), {}));
  const text = new JsonBatch(createRedactor(), {});
  for (const batch of [binary, text]) {
    for (const span of spans) batch.add(span, false);
    for (let at = 0; at < 3; at++) batch.dropOldest();
    const names = Buffer.from(batch.body(never))
      .toString("latin1")
      .match(/span \d/g);
    expect(names?.sort()).toEqual(["span 3", "span 4", "span 5"]);
    expect(batch.count).toBe(3);
  }
});

test("batches that follow each other through the same buffers say what they say alone", () => {
  const spans = recorded((provider) => {
    for (let at = 0; at < 300; at++) {
      const attributes = {
        "queue.name": "enhancements",
        "tenant.id": `t${at % 3}`,
        id: `id ${at}`,
        api_key: "x",
      };
      provider
        .getTracer(`scope ${at % 2}`)
        .startSpan(`span ${at % 5}`, { attributes })
        .end();
    }
  });
  const encoder = new ProtobufSpanEncoder(redactor, resourceAttributes);
  for (let at = 0; at < spans.length; at += 30) {
    const some = spans.slice(at, at + 30);
    const batch = new ProtobufBatch(encoder);
    for (const span of some) batch.add(span, false);
    expect(Buffer.from(batch.body(never)).equals(protobuf(some))).toBe(true);
    batch.recycle();
  }
});

test("a value that stands in the way of encoding leaves the batch as it was", () => {
  const [good] = recorded((provider) => provider.getTracer("t").startSpan("good").end());
  if (good === undefined) throw new Error("no span");
  const bad = Object.create(good, {
    startTime: {
      get: () => {
        throw new Error("no time");
      },
    },
  }) as ReadableSpan;
  const batch = new ProtobufBatch(new ProtobufSpanEncoder(redactor, resourceAttributes));
  batch.add(good, false);
  expect(() => batch.add(bad, false)).toThrow("no time");
  expect(batch.count).toBe(1);
  expect(Buffer.from(batch.body(never))).toEqual(protobuf([good]));
});
