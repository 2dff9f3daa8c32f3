import type { SpanRecord } from "../model.ts";
import type { Block } from "./block/block.ts";
import { intoHeads } from "./block/into-heads.ts";
import { readRecords } from "./block/page-records.ts";
import { type BlockParts, makeBlock } from "./block/write-block.ts";
import type { Head } from "./head/head.ts";

type Keep = (traceId: string) => boolean;
type Spare = (span: SpanRecord) => boolean;

/** Makes new blocks of the traces of `blocks` that are to be kept, and of the spans of others that are spared; of copies of a span the one in the last block counts. */
export function rewrite(blocks: readonly Block[], keep: Keep, spare?: Spare): BlockParts[] {
  const received = {
    receivedFirstMs: Math.min(...blocks.map(({ directory }) => directory.receivedFirstMs)),
    receivedLastMs: Math.max(...blocks.map(({ directory }) => directory.receivedLastMs)),
  };
  const made: BlockParts[] = [];
  const finish = (head: Head): void => {
    const block = makeBlock({ columns: head.columns, counts: head.counts, ...received });
    if (block !== undefined) made.push(block);
  };
  intoHeads(keptOf(blocks, keep, spare), finish);
  return made;
}

function* keptOf(blocks: readonly Block[], keep: Keep, spare: Spare | undefined): Generator<SpanRecord[]> {
  for (const block of blocks) yield* pagesOf(block, keep, spare);
}

/** The kept spans of a block, page by page. */
function* pagesOf(block: Block, keep: Keep, spare: Spare | undefined): Generator<SpanRecord[]> {
  for (let number = 0; number < block.directory.pages.length; number++) {
    const page = block.page(number);
    const spans: SpanRecord[] = [];
    for (let from = 0; from < page.rows;) {
      const trace = page.traceOf(from);
      let to = from + 1;
      while (to < page.rows && page.traceOf(to) === trace) to++;
      const traceId = block.traceId(trace);
      if (keep(traceId)) spans.push(...readRecords(page, from, to, traceId));
      else if (spare !== undefined) spans.push(...readRecords(page, from, to, traceId).filter(spare));
      from = to;
    }
    if (spans.length > 0) yield spans;
  }
}
