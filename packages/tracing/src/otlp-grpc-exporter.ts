import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { setTimeout as sleep } from "node:timers/promises";
import { GrpcClient, GrpcError } from "./grpc-client.ts";
import { encodeSpans, rejectedSpans } from "./otlp-encode.ts";

export interface OtlpGrpcOptions {
  /** Asked before each export, so that a backend that moved is found again. `http://host:port` or `https://...`. */
  endpoint: () => string;
  headers: Readonly<Record<string, string>>;
  compression: "none" | "gzip";
  /** Milliseconds for one batch, retries included. */
  timeoutMs: number;
}

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** OTLP specification, "Failures": cancelled, deadline exceeded, aborted, out of range, unavailable, data loss. */
const retryable = new Set([1, 4, 10, 11, 14, 15]);
const firstDelayMs = 250;
const longestDelayMs = 5_000;

/** OTLP over gRPC: one request at a time, retried with exponential back-off and full jitter within the time of the batch. */
export class OtlpGrpcExporter implements SpanExporter {
  private readonly options: OtlpGrpcOptions;
  private readonly client = new GrpcClient();
  private readonly stop = new AbortController();

  constructor(options: OtlpGrpcOptions) {
    this.options = options;
  }

  export(spans: ReadableSpan[], report: (result: ExportResult) => void): void {
    this.send(spans).then(
      () => report({ code: ExportResultCode.SUCCESS }),
      (error: unknown) => report({ code: ExportResultCode.FAILED, error: asError(error) }),
    );
  }

  async shutdown(): Promise<void> {
    this.stop.abort();
    await this.client.close();
  }

  private async send(spans: ReadableSpan[]): Promise<void> {
    const message = encodeSpans(spans);
    const deadline = Date.now() + this.options.timeoutMs;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      try {
        const answer = await this.client.call(this.options.endpoint(), path, message, {
          headers: this.options.headers,
          gzip: this.options.compression === "gzip",
          timeoutMs: Math.max(1, Math.min(deadline - Date.now(), 10_000)),
        });
        const rejected = rejectedSpans(answer);
        if (rejected > 0) throw new Error(`the trace backend refused ${rejected} of ${spans.length} spans`);
        return;
      } catch (error) {
        const pauseMs = Math.random() * delayMs;
        const again = error instanceof GrpcError && (retryable.has(error.status) || error.mayRetry);
        if (!again || Date.now() + pauseMs >= deadline || this.stop.signal.aborted) throw error;
        await sleep(pauseMs, undefined, { signal: this.stop.signal, ref: false });
      }
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
