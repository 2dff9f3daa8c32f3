import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import * as fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { withConsumerSpan, withProducerSpan } from "./messaging.ts";
import { type Carrier, extractCarrier, injectCarrier } from "./propagation.ts";
import { traceClockOf } from "./trace-clock.ts";

const memory = new InMemorySpanExporter();
const tracer = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
}).getTracer("test");
const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

beforeEach(() => {
  memory.reset();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return () => context.disable();
});

test("a context goes through a queue as plain data: trace, state, baggage and clock", () => {
  const baggage = propagation.createBaggage({ tenant: { value: "acme" } });
  const parent = trace.setSpanContext(propagation.setBaggage(ROOT_CONTEXT, baggage), {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    traceFlags: 1,
  });
  const carrier = JSON.parse(JSON.stringify(injectCarrier(parent, 1_000))) as Carrier;
  expect(carrier).toEqual({ traceparent, tracestate: "", baggage: "tenant=acme", traceStartMs: 1_000 });
  const arrived = extractCarrier({ ...carrier, slowAfterMs: 5 });
  expect(trace.getSpanContext(arrived)).toMatchObject({
    traceId: "a".repeat(32),
    isRemote: true,
    traceFlags: 1,
  });
  expect(propagation.getBaggage(arrived)?.getEntry("tenant")?.value).toBe("acme");
  expect(traceClockOf(arrived)).toEqual({ startMs: 1_000, slowAfterMs: 5 });
});

test.each([
  [{ traceparent }],
  [{ Traceparent: [traceparent, "x"] }],
  [{ traceparent: Buffer.from(traceparent) }],
])("headers are taken as brokers bring them: %j", (headers) => {
  expect(trace.getSpanContext(extractCarrier(headers))?.spanId).toBe("b".repeat(16));
});

test.each([
  ["nothing", undefined],
  ["garbage", { traceparent: "garbage" }],
  ["upper case", { traceparent: traceparent.toUpperCase() }],
  ["zeros", { traceparent: `00-${"0".repeat(32)}-${"b".repeat(16)}-01` }],
  ["version ff", { traceparent: traceparent.replace(/^00/, "ff") }],
  ["too long", { traceparent: `${traceparent}${"-x".repeat(1_000_000)}` }],
  ["a number", { traceparent: 7 }],
  ["control characters", { traceparent: traceparent.replace("-", "\u0000") }],
  ["a prototype", JSON.parse('{"__proto__": {"traceparent": "x"}}') as object],
])("%s is ignored and counted where it was a header", (what, carrier) => {
  const counter = { extracted: 0, ignored: 0 };
  expect(trace.getSpanContext(extractCarrier(carrier, counter))).toBeUndefined();
  expect(counter).toEqual({
    extracted: 0,
    ignored: ["nothing", "a number", "a prototype"].includes(what) ? 0 : 1,
  });
});

test("a tracestate or baggage of a megabyte is left behind, the trace goes on", () => {
  const huge = `a=${"x".repeat(1_000_000)}`;
  const arrived = extractCarrier({ traceparent, tracestate: huge, baggage: huge });
  expect(trace.getSpanContext(arrived)?.traceState).toBeUndefined();
  expect(propagation.getBaggage(arrived)).toBeUndefined();
});

test("whatever comes, nothing is thrown", () => {
  fc.assert(fc.property(fc.anything(), (carrier) => void extractCarrier(carrier)));
  const header = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(
      header,
      header,
      header,
      (a, b, c) => void extractCarrier({ traceparent: a, tracestate: b, baggage: c }),
    ),
  );
});

test("a consumer's span is the child of the producer's and linked to it; attempts are siblings, failures told", async () => {
  const message = { system: "bullmq", destination: "mail", messageId: "7" };
  const carrier = await withProducerSpan(tracer, message, (sent) => Promise.resolve(sent));
  const failing = withConsumerSpan(tracer, { ...message, attempt: 1 }, carrier, () =>
    Promise.reject(new TypeError("no stamp")),
  );
  await expect(failing).rejects.toThrow("no stamp");
  await withConsumerSpan(tracer, { ...message, attempt: 2 }, carrier, () => Promise.resolve());
  const [sent, first, second] = memory.getFinishedSpans();
  expect(sent).toMatchObject({
    name: "send mail",
    kind: 3,
    attributes: { "messaging.operation.type": "send", "messaging.system": "bullmq" },
  });
  for (const span of [first, second]) {
    expect(span).toMatchObject({ name: "process mail", kind: 4 });
    expect(span?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    expect(span?.links).toMatchObject([
      { context: { spanId: sent?.spanContext().spanId }, attributes: { "opentracing.ref_type": "child_of" } },
    ]);
  }
  expect(first).toMatchObject({
    status: { code: 2, message: "no stamp" },
    attributes: { "error.type": "TypeError", "messaging.message.delivery_attempt": 1 },
  });
  expect(first?.events.map(({ name }) => name)).toEqual(["exception"]);
  expect(second?.status.code).toBe(0);
});
