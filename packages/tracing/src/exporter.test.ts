import { SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { createRedactor } from "@throughline/redaction";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RedactionAndSlowTraceExporter } from "./exporter.ts";
import { SlowTraceProcessor } from "./processors.ts";
import { extractCarrier } from "./propagation.ts";
import { SlowTraces } from "./slow-traces.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {} };

function setUp(slowThresholdMs = 60_000) {
  const memory = new InMemorySpanExporter();
  const slow = new SlowTraces({ thresholdMs: slowThresholdMs, rules: [] });
  const exporter = new RedactionAndSlowTraceExporter(memory, createRedactor(), slow.isSlow);
  const provider = new TracerProvider({
    spanProcessors: [new SlowTraceProcessor(slow, silent), new SimpleSpanProcessor({ exporter })],
  });
  return { memory, tracer: provider.getTracer("test") };
}

test("no string of a span leaves with a secret in it", () => {
  const { memory, tracer } = setUp();
  const secret = "sk-abcdefghijklmnopqrst";
  const span = tracer.startSpan(`call ${secret}`, {
    attributes: {
      api_key: secret,
      note: `used ${secret}`,
      list: [secret, "ok"],
      "gen_ai.usage.output_tokens": 12,
      password: 5,
    },
    links: [
      {
        context: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 },
        attributes: { token: secret },
      },
    ],
  });
  span.addEvent(`event ${secret}`, { detail: `Bearer ${secret}` });
  span.recordException(new Error(`refused ${secret}`));
  span.setStatus({ code: SpanStatusCode.ERROR, message: `refused ${secret}` });
  span.end();
  const [out] = memory.getFinishedSpans();
  expect(JSON.stringify({ ...out, resource: undefined })).not.toContain(secret);
  expect(out?.attributes).toMatchObject({
    api_key: "[REDACTED]",
    "gen_ai.usage.output_tokens": 12,
    password: 5,
    list: ["[REDACTED]", "ok"],
  });
});

test("a span says whether its trace was slow when it ended", async () => {
  const { memory, tracer } = setUp(20);
  const fast = tracer.startSpan("fast");
  fast.end();
  const slow = tracer.startSpan("slow");
  await sleep(40);
  slow.end();
  expect(memory.getFinishedSpans().map((span) => span.attributes["slow_trace"])).toEqual([false, true]);
});

test("slowness is measured from the start of the trace, across a queue too", () => {
  const { memory, tracer } = setUp(1_000);
  const carrier = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "" };
  tracer.startSpan("late", {}, extractCarrier({ ...carrier, traceStartMs: Date.now() - 5_000 })).end();
  tracer.startSpan("early", {}, extractCarrier({ ...carrier, traceStartMs: Date.now() })).end();
  expect(
    memory.getFinishedSpans().map((span) => [span.attributes["slow_trace"], span.spanContext().traceId]),
  ).toEqual([
    [true, "a".repeat(32)],
    [false, "a".repeat(32)],
  ]);
});

test("a malformed carrier starts a trace of its own", () => {
  const { memory, tracer } = setUp();
  for (const traceparent of [
    "",
    "garbage",
    `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
    `00-${"a".repeat(32)}-01`,
  ]) {
    tracer
      .startSpan(
        "own",
        {},
        extractCarrier({ traceparent, tracestate: "x".repeat(5_000), traceStartMs: Date.now() }),
      )
      .end();
  }
  expect(memory.getFinishedSpans().every((span) => span.parentSpanContext === undefined)).toBe(true);
});
