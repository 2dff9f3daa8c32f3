/**
 * A process for tests: stores one span after the other in the directory that it is told, with blocks made and merged all the time, and says
 * over IPC which were stored or refused, until it is killed. Arguments: directory, bytes of each span.
 */
import { randomBytes } from "node:crypto";
import { encodeBatch } from "../../src/store/batch-encoding.ts";
import { alreadyClean } from "../../src/ingest-redaction.ts";
import { exampleSpan, text } from "../../src/store/example-spans.ts";
import { TraceStore } from "../../src/store/store.ts";

const [directory = "", bytes = "100"] = process.argv.slice(2);
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const store = new TraceStore(
  {
    directory,
    durability: "fsync",
    retentionMs: 3_600_000,
    idleMs: 50,
    headSize: { rows: 40, items: 20_000, bytes: 4_000_000 },
  },
  { cleaner: alreadyClean, log },
);
/** Resolves when the message is in the pipe: what was said before a kill is heard. */
function say(message: { stored: string } | { refused: string }): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

for (let count = 1; ; count++) {
  if (count % 64 === 0) store.maintain();
  const spanId = randomBytes(8).toString("hex");
  const span = exampleSpan({
    spanId,
    attributes: [text("filler", randomBytes(Number(bytes) / 2).toString("hex"))],
  });
  try {
    await store.heads.append(encodeBatch([span]));
    await say({ stored: spanId });
  } catch (error) {
    await say({ refused: error instanceof Error ? error.message : String(error) });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
