import { type Context, TraceFlags } from "@opentelemetry/api";
import { ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { TracingLogger } from "./logger.ts";

export interface BatchOptions {
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduleDelayMs: number;
}

/** What became of the spans that ended here, since the start. */
export interface SpanCounts {
  ended: number;
  exported: number;
  /** Lost: the queue was full, or the backend did not take a batch in time. */
  dropped: number;
  /** Waiting now. */
  queued: number;
}

/**
 * A bounded queue before the exporter, one export at a time. When the backend is away the newest spans are dropped and
 * counted, one warning tells of the first, one line of the recovery. Ending a span never waits and never throws.
 */
export class BoundedBatchProcessor implements SpanProcessor {
  private readonly exporter: SpanExporter;
  private readonly options: BatchOptions;
  private readonly logger: TracingLogger;
  private queue: ReadableSpan[] = [];
  private timer: NodeJS.Timeout | undefined;
  private exporting: Promise<void> | undefined;
  private losing = false;
  private stopped = false;
  private ended = 0;
  private exported = 0;
  private dropped = 0;

  constructor(exporter: SpanExporter, options: BatchOptions, logger: TracingLogger) {
    this.exporter = exporter;
    this.options = options;
    this.logger = logger;
  }

  counts(): SpanCounts {
    return { ended: this.ended, exported: this.exported, dropped: this.dropped, queued: this.queue.length };
  }

  onStart(_span: Span, _parentContext: Context): void {}

  onEnd(span: ReadableSpan): void {
    if (this.stopped || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.ended++;
    if (this.queue.length >= this.options.maxQueueSize) {
      this.lost(1, "the export queue is full");
      return;
    }
    this.queue.push(span);
    if (this.queue.length >= this.options.maxExportBatchSize) this.startExport();
    else this.timer ??= setTimeout(() => this.startExport(), this.options.scheduleDelayMs).unref();
  }

  async forceFlush(): Promise<void> {
    while (this.queue.length > 0 || this.exporting !== undefined) {
      this.startExport();
      await this.exporting;
    }
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    this.stopped = true;
    clearTimeout(this.timer);
    await this.exporter.shutdown();
  }

  private startExport(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.exporting !== undefined || this.queue.length === 0) return;
    this.exporting = this.exportBatch().finally(() => {
      this.exporting = undefined;
      if (this.queue.length >= this.options.maxExportBatchSize) this.startExport();
      else if (this.queue.length > 0) {
        this.timer ??= setTimeout(() => this.startExport(), this.options.scheduleDelayMs).unref();
      }
    });
  }

  private async exportBatch(): Promise<void> {
    const batch = this.queue.splice(0, this.options.maxExportBatchSize);
    const error = await new Promise<Error | undefined>((resolve) => {
      try {
        this.exporter.export(batch, (result) => {
          resolve(
            result.code === ExportResultCode.SUCCESS
              ? undefined
              : (result.error ?? new Error("export failed")),
          );
        });
      } catch (thrown) {
        resolve(thrown instanceof Error ? thrown : new Error(String(thrown)));
      }
    });
    if (error !== undefined) {
      this.lost(batch.length, error.message);
      return;
    }
    this.exported += batch.length;
    if (this.losing) {
      this.losing = false;
      this.logger.info({ spans_dropped: this.dropped }, "the trace backend takes spans again");
    }
  }

  private lost(count: number, why: string): void {
    this.dropped += count;
    if (this.losing) return;
    this.losing = true;
    this.logger.warn(
      { reason: why },
      "spans are dropped: the trace backend does not take them; work goes on untraced",
    );
  }
}
