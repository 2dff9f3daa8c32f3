import { decodeIntoHead } from "../decode/otlp-columns.ts";
import { alreadyClean } from "../ingest-redaction.ts";
import type { SpanRecord } from "../model.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { HeadFullError } from "../store/head/dictionary.ts";
import { Head } from "../store/head/head.ts";
import { HeadSegment } from "../store/head/head-segment.ts";
import { StoreReader } from "../store/search/store-reader.ts";

/** Reads spans that were loaded from elsewhere as the store reads its own: conditions, facets, rates and calls mean the same. */
export function readerOver(spans: readonly SpanRecord[]): StoreReader {
  const { columns } = headOf(spans);
  const segment = new HeadSegment(columns);
  return new StoreReader({ segments: () => [segment], failed: fail });
}

/** There is no other copy to read. */
async function fail(failure: Error): Promise<never> {
  return Promise.reject(failure);
}

function headOf(spans: readonly SpanRecord[]): Head {
  const bytes = encodeBatch(spans);
  const rows = Math.max(64, spans.length);
  for (let size = { rows, items: rows * 20, bytes: bytes.length + rows * 64 }; ;) {
    const head = new Head(size, alreadyClean, 0);
    try {
      if (spans.length > 0) decodeIntoHead(bytes, head, "kept");
      head.columns.publish(head.counts);
      return head;
    } catch (error) {
      if (!(error instanceof HeadFullError)) throw error;
      size = { rows: size.rows * 2, items: size.items * 4, bytes: size.bytes * 4 };
    }
  }
}
