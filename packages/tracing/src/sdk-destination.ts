import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Destination, SendOutcome } from "./destination.ts";
import type { KeptReason, SpanBatch } from "./encode/span-batch.ts";
import { keptSpan } from "./exporter.ts";

/** Spans as the SDK has them, for exporters of the SDK. */
export class ReadableBatch implements SpanBatch {
  readonly bytes = 0;
  spans: ReadableSpan[] = [];

  get count(): number {
    return this.spans.length;
  }

  add(span: ReadableSpan, _isSlow: boolean, kept?: KeptReason): void {
    this.spans.push(kept === undefined ? span : keptSpan(span, kept));
  }

  dropOldest(): void {
    this.spans.shift();
  }
}

const closeWithinMs = 2_000;

/** Any SpanExporter: one that throws is refused, one that hangs is left behind when the time is up. */
export class SdkDestination implements Destination<ReadableBatch> {
  /** Exporters of the SDK are not to be called again before they answered. */
  readonly parallel = 1;
  private readonly exporter: SpanExporter;

  constructor(exporter: SpanExporter) {
    this.exporter = exporter;
  }

  newBatch(): ReadableBatch {
    return new ReadableBatch();
  }

  async send({ spans }: ReadableBatch, deadlineMs: number): Promise<SendOutcome> {
    const result = await within<ExportResult>(deadlineMs - Date.now(), (resolve) =>
      this.exporter.export(spans, resolve),
    );
    if (result === undefined) return { kind: "unreachable", reason: "the exporter did not answer in time" };
    if (result.code === ExportResultCode.SUCCESS) return { kind: "taken", rejected: 0, message: "" };
    return { kind: "refused", reason: result.error?.message ?? "the exporter failed" };
  }

  async close(): Promise<void> {
    await within<void>(
      closeWithinMs,
      (resolve, reject) => void this.exporter.shutdown().then(resolve, reject),
    );
  }
}

/** undefined when the time is up first. */
async function within<T>(
  timeoutMs: number,
  work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T | undefined>((resolve, reject) => {
      if (Number.isFinite(timeoutMs)) timer = setTimeout(() => resolve(undefined), Math.max(0, timeoutMs));
      work(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
