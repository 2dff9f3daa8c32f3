/**
 * A process for tests: appends batch after batch to the store in the directory that its first argument names, and sends
 * its parent each span id once it was acknowledged, or the error. Ends when it is killed.
 */
import { createRedactor } from "@throughline/redaction";
import { BatchRedactor, RedactedBatch } from "../ingest-redaction.ts";
import { exampleSpan, text } from "./example-spans.ts";
import { defaultStoreLimits, TraceStore } from "./store.ts";

const [directory = "", bytesEach = "100"] = process.argv.slice(2);
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const store = await TraceStore.open(
  { directory, durability: "fsync", retentionMs: 3_600_000, limits: defaultStoreLimits },
  Date.now,
  silent,
);
const redactor = new BatchRedactor(createRedactor());
const fill = text("fill", "x".repeat(Number(bytesEach)));
for (let n = 1; ; n++) {
  const span = exampleSpan({ spanId: n.toString(16).padStart(16, "0"), attributes: [fill] });
  try {
    await store.append(RedactedBatch.redact([span], redactor));
    process.send?.({ stored: span.spanId });
  } catch (error) {
    process.send?.({ refused: error instanceof Error ? error.message : String(error) });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
