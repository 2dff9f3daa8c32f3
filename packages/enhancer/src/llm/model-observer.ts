import type { Span } from "@opentelemetry/api";
import { errorType, sampledTraceId } from "../span.ts";
import type { TokenUsage } from "./prices.ts";

/** What is told of questions to models; `model` as it was asked for. */
export interface ModelObserver {
  asked(call: {
    model: string;
    outcome: "written" | "failed" | "cancelled";
    errorType?: string;
    seconds: number;
    traceId: string | undefined;
  }): void;
  /** A cap of the tenant did not allow it. */
  notAsked(model: string): void;
  used(tenantId: string, model: string, used: { usage: TokenUsage; costUsd: number | undefined }): void;
}

/** What tells how a question that begins now went. */
export function tellOf(observe: ModelObserver | undefined, model: string, span: Span) {
  const startedMs = performance.now();
  return (outcome: "written" | "failed" | "cancelled", error?: unknown): void => {
    const seconds = (performance.now() - startedMs) / 1_000;
    const why = outcome === "failed" ? { errorType: errorType(error) } : {};
    observe?.asked({ model, outcome, ...why, seconds, traceId: sampledTraceId(span) });
  };
}
