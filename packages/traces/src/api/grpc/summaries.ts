import { v3Summary } from "../jaeger/v3-summary.ts";
import type { SpanRecord } from "../../model.ts";

interface Summary {
  traceId: string;
  [field: string]: unknown;
}

/** Jaeger's TraceSummary; the storage API has its trace id as 16 bytes. */
export function summaryMessage(trace: readonly SpanRecord[], id: "text" | "bytes"): object {
  const summary = v3Summary(trace) as Summary;
  return id === "text" ? summary : { ...summary, traceId: Buffer.from(summary.traceId, "hex") };
}
