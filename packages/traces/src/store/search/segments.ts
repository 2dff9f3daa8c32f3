import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { decodeIntoHead } from "../../decode/otlp-columns.ts";
import { alreadyClean } from "../../ingest-redaction.ts";
import type { SpanRecord } from "../../model.ts";
import { encodeBatch } from "../batch-encoding.ts";
import { Block } from "../block/block.ts";
import { BlockFile, OpenFiles } from "../block/block-file.ts";
import { BlockSegment } from "../block/block-segment.ts";
import { Lru } from "../block/lru.ts";
import { makeBlock } from "../block/write-block.ts";
import { Head } from "../head/head.ts";
import type { HeadSize } from "../head/layout.ts";
import { HeadSegment } from "../head/head-segment.ts";
import type { Segment } from "./segment.ts";

const small = { rows: 1_000, items: 20_000, bytes: 1_000_000 };
const large = { rows: 20_000, items: 200_000, bytes: 4_000_000 };

/** For tests: spans as a head holds them, and as a block on the disk does. */
function headOf(
  spans: readonly SpanRecord[],
  size: HeadSize | undefined = spans.length < 500 ? small : spans.length < 20_000 ? large : undefined,
): Head {
  const head = new Head(
    size ?? { ...large, rows: spans.length, items: spans.length * 20, bytes: spans.length * 100 },
    alreadyClean,
    7,
  );
  if (spans.length > 0) decodeIntoHead(encodeBatch(spans), head, "kept");
  head.columns.publish(head.counts);
  return head;
}

export function headSegment(spans: readonly SpanRecord[]): Segment {
  return new HeadSegment(headOf(spans).columns);
}

let blocks = 0;

export function blockSegment(spans: readonly SpanRecord[]): BlockSegment {
  const head = headOf(spans);
  const made = makeBlock({
    columns: head.columns,
    counts: head.counts,
    receivedFirstMs: 1,
    receivedLastMs: 2,
  });
  if (made === undefined) throw new Error("a block of nothing");
  const directory = mkdtempSync(join(tmpdir(), "throughline-block-"));
  const files = new OpenFiles();
  onTestFinished(() => {
    files.closeAll();
    rmSync(directory, { recursive: true });
  });
  const bytes = Buffer.concat(made.chunks);
  const path = join(directory, "block");
  writeFileSync(path, bytes);
  const cache = new Lru<string, unknown>(50_000_000);
  return new BlockSegment(
    new Block(++blocks, new BlockFile(path, bytes.length, files), { parts: cache, pages: cache }),
  );
}
