import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SlowTraceProcessor } from "./processors.ts";
import { extractCarrier } from "./propagation.ts";
import { type SlowRule, SlowTraces } from "./slow-traces.ts";

function setUp(thresholdMs: number, rules: SlowRule[] = []) {
  const lines: object[] = [];
  const ignore = () => {};
  const logger = { debug: ignore, info: ignore, warn: (fields: object) => lines.push(fields) };
  const traces = new SlowTraces({ thresholdMs, rules });
  const provider = new TracerProvider({ spanProcessors: [new SlowTraceProcessor(traces, logger)] });
  return { traces, tracer: provider.getTracer("test"), lines };
}

test("a trace is slow from its root's start to now, also while its root is under way", async () => {
  const { traces, tracer, lines } = setUp(30);
  const root = tracer.startSpan("root");
  const { traceId } = root.spanContext();
  expect(traces.isSlow(traceId)).toBe(false);
  await sleep(45);
  expect(traces.isSlow(traceId)).toBe(true);
  tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, root)).end();
  root.end();
  expect(traces.isSlow(traceId)).toBe(true);
  expect(lines).toEqual([expect.objectContaining({ trace_id: traceId, span: "child", threshold_ms: 30 })]);
});

test("the clock of a trace that came through a queue began before", () => {
  const { traces, tracer } = setUp(1_000);
  const traceparent = (digit: string) => `00-${digit.repeat(32)}-${"b".repeat(16)}-01`;
  const late = { traceparent: traceparent("a"), tracestate: "", traceStartMs: Date.now() - 5_000 };
  tracer.startSpan("late", {}, extractCarrier(late)).end();
  tracer
    .startSpan("patient", {}, extractCarrier({ ...late, traceparent: traceparent("c"), slowAfterMs: 9_000 }))
    .end();
  expect([traces.isSlow("a".repeat(32)), traces.isSlow("c".repeat(32))]).toEqual([true, false]);
});

test("a rule for the root's name or route replaces the threshold, and travels on", async () => {
  const { traces, tracer } = setUp(10, [
    { name: "/report", thresholdMs: 10_000 },
    { name: "GET /quick", thresholdMs: 1 },
  ]);
  const report = tracer.startSpan("GET /report", { attributes: { "http.route": "/report" } });
  const quick = tracer.startSpan("GET /quick");
  expect(traces.thresholdOf(report.spanContext().traceId)).toBe(10_000);
  await sleep(20);
  report.end();
  quick.end();
  expect([traces.isSlow(report.spanContext().traceId), traces.isSlow(quick.spanContext().traceId)]).toEqual([
    false,
    true,
  ]);
});

test("a rule for a span below makes the trace slow by that span's own duration", async () => {
  const { traces, tracer, lines } = setUp(10_000, [{ name: "llm", thresholdMs: 15 }]);
  const root = tracer.startSpan("root");
  const { traceId } = root.spanContext();
  await sleep(25);
  tracer.startSpan("llm", {}, trace.setSpan(ROOT_CONTEXT, root)).end();
  expect(traces.isSlow(traceId)).toBe(false);
  const slow = tracer.startSpan("llm", {}, trace.setSpan(ROOT_CONTEXT, root));
  await sleep(25);
  slow.end();
  root.end();
  expect(traces.isSlow(traceId)).toBe(true);
  expect(lines).toEqual([expect.objectContaining({ span: "llm", threshold_ms: 15 })]);
});
