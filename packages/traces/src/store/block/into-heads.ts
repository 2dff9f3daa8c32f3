import { decodeIntoHead } from "../../decode/otlp-columns.ts";
import { alreadyClean } from "../../ingest-redaction.ts";
import type { SpanRecord } from "../../model.ts";
import { encodeBatch } from "../batch-encoding.ts";
import { HeadFullError } from "../head/dictionary.ts";
import { Head } from "../head/head.ts";
import { defaultHeadSize, type HeadSize } from "../head/layout.ts";

/** Puts stored spans into heads, as large ones as are needed, and hands on each that is full, then the last. */
export function intoHeads(batches: Iterable<SpanRecord[]>, finish: (head: Head) => void): void {
  let size: HeadSize = defaultHeadSize;
  let head = new Head(size, alreadyClean, 0);
  for (const spans of batches) {
    const bytes = encodeBatch(spans);
    for (;;) {
      try {
        decodeIntoHead(bytes, head, "kept");
        break;
      } catch (error) {
        if (!(error instanceof HeadFullError)) throw error;
        if (head.counts.rows > 0) finish(head);
        else size = { rows: size.rows * 4, items: size.items * 4, bytes: size.bytes * 4 };
        head = new Head(size, alreadyClean, 0);
      }
    }
  }
  finish(head);
}
