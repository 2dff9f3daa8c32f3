import { context, propagation, trace } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import { afterEach, expect, test } from "vitest";
import { initTracerProvider, type Tracing } from "./provider.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {} };
const quick = { OTEL_BSP_SCHEDULE_DELAY: "1", OTEL_BSP_EXPORT_TIMEOUT: "50" };
let tracing: Tracing | undefined;

afterEach(async () => {
  await tracing?.shutdown(200);
  trace.disable();
  context.disable();
  propagation.disable();
});

function start(exporter: SpanExporter, environment: Record<string, string> = quick): Tracing {
  tracing = initTracerProvider({ environment, exporter, logger: quiet });
  return tracing;
}

test("one call sets up tracer, context and propagation, and names what produces the spans", async () => {
  const memory = new InMemorySpanExporter();
  tracing = initTracerProvider({
    environment: { ...quick, OTEL_RESOURCE_ATTRIBUTES: "team=desk,api_key=hush", DEPLOYMENT_ENV: "staging" },
    serviceName: "shop",
    version: "1.2.3",
    exporter: memory,
    logger: quiet,
  });
  await context.with(trace.setSpan(context.active(), trace.getTracer("t").startSpan("parent")), async () => {
    await Promise.resolve();
    trace.getTracer("t").startSpan("child").end();
    trace.getActiveSpan()?.end();
  });
  await tracing.flush();
  const [child, parent] = memory.getFinishedSpans();
  expect(child?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
  expect(child?.attributes["slow_trace"]).toBe(false);
  expect(child?.resource.attributes).toMatchObject({
    "service.name": "shop",
    "service.version": "1.2.3",
    "deployment.environment": "staging",
    "deployment.environment.name": "staging",
    "process.pid": process.pid,
    team: "desk",
    api_key: "[REDACTED]",
  });
  expect(child?.resource.attributes["service.instance.id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("attributes of every wrong type, cycles, megabytes, half characters and keys without end do the service no harm", async () => {
  const memory = new InMemorySpanExporter();
  const { counts, flush } = start(memory, { OTEL_BSP_SCHEDULE_DELAY: "1" });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const span = trace.getTracer("t").startSpan("odd \ud800", {
    attributes: Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`k${at}`, at])),
  });
  const odd = trace.getTracer("t").startSpan("odd");
  for (const [at, value] of [
    cyclic,
    null,
    undefined,
    () => 1,
    Symbol("s"),
    10n ** 30n,
    Number.NaN,
    new Date(),
    new Map(),
    "x".repeat(10_000_000),
    "\udc00",
    [[[1]]],
  ].entries())
    odd.setAttribute(`odd.${at}`, value);
  odd.recordException({ message: "plain" });
  odd.addEvent("event", { cyclic });
  span.end();
  odd.end();
  await flush();
  expect(memory.getFinishedSpans()).toHaveLength(2);
  expect(memory.getFinishedSpans()[0]?.droppedAttributesCount).toBe(200_000 - 128);
  expect(counts()).toMatchObject({ ended: 2, exported: 2, dropped: 0 });
});

class OddExporter implements SpanExporter {
  readonly export: (spans: ReadableSpan[], done: (result: ExportResult) => void) => void;

  constructor(work: OddExporter["export"]) {
    this.export = work;
  }

  shutdown(): Promise<void> {
    return new Promise(() => {});
  }
}

test.each([
  [
    "throws",
    () => {
      throw new Error("broken");
    },
    "refused",
  ],
  ["hangs", () => {}, "unreachable"],
  [
    "fails",
    (_: unknown, done: (result: ExportResult) => void) => done({ code: ExportResultCode.FAILED }),
    "refused",
  ],
] as const)(
  "an exporter that %s costs its spans, which are counted, and flush and shutdown end all the same",
  async (_, work, why) => {
    const { counts, flush, shutdown } = start(new OddExporter(work));
    trace.getTracer("t").startSpan("lost").end();
    await flush(1_000);
    expect(counts()).toMatchObject({ ended: 1, exported: 0, dropped: 1, droppedBy: { [why]: 1 } });
    const began = performance.now();
    await shutdown(100);
    expect(performance.now() - began).toBeLessThan(3_000);
  },
);

test("a wrong setting stops before anything is registered", () => {
  expect(() => initTracerProvider({ environment: { OTEL_TRACES_SAMPLER: "x" } })).toThrow(
    /OTEL_TRACES_SAMPLER/,
  );
  expect(propagation.fields()).toEqual([]);
});

test("where the SDK is disabled spans are no-ops and context travels on", () => {
  tracing = initTracerProvider({ environment: { OTEL_SDK_DISABLED: "true" } });
  expect(tracing.tracer("t").startSpan("x").isRecording()).toBe(false);
  expect(propagation.fields()).toContain("traceparent");
});
