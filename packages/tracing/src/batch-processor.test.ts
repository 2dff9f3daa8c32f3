import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { type ReadableSpan, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { BoundedBatchProcessor } from "./batch-processor.ts";

/** An exporter whose answers the test gives. */
class HeldExporter implements SpanExporter {
  readonly batches: { spans: ReadableSpan[]; answer: (result: ExportResult) => void }[] = [];

  export(spans: ReadableSpan[], answer: (result: ExportResult) => void): void {
    this.batches.push({ spans, answer });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp(maxQueueSize: number, maxExportBatchSize: number) {
  const exporter = new HeldExporter();
  const told: string[] = [];
  const logger = {
    debug: () => {},
    info: (_: object, text: string) => told.push(text),
    warn: (_: object, text: string) => told.push(text),
  };
  const processor = new BoundedBatchProcessor(
    exporter,
    { maxQueueSize, maxExportBatchSize, scheduleDelayMs: 1 },
    logger,
  );
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("test");
  return { exporter, processor, tracer, told };
}

const success = { code: ExportResultCode.SUCCESS };

test("a full queue drops the newest spans, counts them, and says so once", async () => {
  const { exporter, processor, tracer, told } = setUp(4, 2);
  for (let at = 0; at < 10; at++) tracer.startSpan(`s${at}`).end();
  // Two are with the exporter, four wait, four are lost.
  expect(processor.counts()).toEqual({ ended: 10, exported: 0, dropped: 4, queued: 4 });
  expect(told).toHaveLength(1);
  const flushed = processor.forceFlush();
  for (let answered = 0; answered < 3; answered++) {
    exporter.batches[answered]?.answer(success);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await flushed;
  expect(processor.counts()).toEqual({ ended: 10, exported: 6, dropped: 4, queued: 0 });
  expect(told).toEqual([expect.stringContaining("dropped"), expect.stringContaining("again")]);
});

test("a batch that fails is counted as dropped", async () => {
  const { exporter, processor, tracer } = setUp(10, 5);
  tracer.startSpan("lost").end();
  const flushed = processor.forceFlush();
  exporter.batches[0]?.answer({ code: ExportResultCode.FAILED, error: new Error("down") });
  await flushed;
  expect(processor.counts()).toEqual({ ended: 1, exported: 0, dropped: 1, queued: 0 });
});
