import { HeadReader } from "../head/head-reader.ts";
import type { Counts, HeadColumns } from "../head/layout.ts";
import { slowPairs } from "../head/slow-pairs.ts";
import { HeadLabels, mergeLabels } from "../head/tenant-labels.ts";
import { hashTraceId } from "../hash.ts";
import { makeBloom } from "./bloom.ts";
import { ByteWriter } from "./bytes.ts";
import { BlockColumns } from "./columns.ts";
import { OriginWriter, writeDictionary } from "./dictionary.ts";
import { type Directory, type PageDirectory, PartWriter, rowsOfPage, traceFact } from "./format.ts";
import { durationOf } from "../head/entries.ts";
import { makeRollup } from "./make-rollup.ts";
import { type BlockOrder, orderRows } from "./order.ts";
import { PageWriter } from "./page-writer.ts";
import { parentDistances } from "./parents.ts";
import { toDeltas, writePlanes } from "./planes.ts";
import { writeRollup } from "./rollup.ts";
import { writeLabels } from "./trace-labels.ts";

export interface BlockParts {
  /** The file's bytes, in order. */
  chunks: Buffer[];
  directory: Directory;
}

/** What a block is made of, beside the head's rows. */
export interface BlockInput {
  columns: HeadColumns;
  counts: Readonly<Counts>;
  receivedFirstMs: number;
  receivedLastMs: number;
}

/** Makes the file of a block; undefined where no row is left. */
export function makeBlock({
  columns: head,
  counts,
  receivedFirstMs,
  receivedLastMs,
}: BlockInput): BlockParts | undefined {
  const order = orderRows(head, counts);
  const { rows } = order;
  if (rows.length === 0) return undefined;
  const reader = new HeadReader(head, counts);
  const parts = new PartWriter();
  const columns = new BlockColumns(head, counts.pairs, counts.columns);
  const origins = new OriginWriter(reader);
  const pageCount = Math.ceil(rows.length / rowsOfPage);
  const pageShift = Math.max(0, Math.ceil(Math.log2(pageCount)) - 5);
  rows.forEach((row, at) => origins.count(head.origin[row] ?? 0, bitOf(at, pageShift)));
  const parents = parentDistances(head, order);
  const pageWriter = new PageWriter(head, columns, order, origins.numbers);
  const pages: PageDirectory[] = [];
  let trace = 0;
  for (let from = 0, page = 0; from < rows.length; from += rowsOfPage, page++) {
    const to = Math.min(from + rowsOfPage, rows.length);
    while ((order.firstRow[trace + 1] ?? 0) <= from) trace++;
    const { packed, noisy, values } = pageWriter.write(
      page,
      bitOf(from, pageShift),
      from,
      to,
      trace,
      parents,
    );
    pages.push({
      rows: to - from,
      ...bounds(head, rows, from, to),
      packed: parts.add(packed.bytes(), "compressed"),
      noisy: parts.add(noisy.bytes(), "plain"),
      values: parts.add(values.bytes(), "compressed"),
    });
  }
  const traceWords = order.traces.reduce<number[]>((words, number) => {
    for (let word = 0; word < 4; word++) words.push(head.traceIds[number * 4 + word] ?? 0);
    return words;
  }, []);
  const hashes = Int32Array.from(order.traces, (_, at) =>
    hashTraceId(
      traceWords[at * 4] ?? 0,
      traceWords[at * 4 + 1] ?? 0,
      traceWords[at * 4 + 2] ?? 0,
      traceWords[at * 4 + 3] ?? 0,
    ),
  );
  const facts = traceFacts(head, reader, order);
  const refs = {
    traceIds: parts.add(sortedIds(Uint32Array.from(traceWords)).bytes(), "plain"),
    traceFacts: parts.add(facts.bytes.bytes(), "compressed"),
    traceBloom: parts.add(makeBloom(hashes, hashes.length), "plain"),
    dictionary: parts.add(writeDictionary(columns, origins, pageShift).bytes(), "compressed"),
    blooms: parts.add(writeBlooms(pageWriter).bytes(), "compressed"),
    rollup: parts.add(writeRollup(makeRollup(reader, order, absolute(parents))).bytes(), "compressed"),
  };
  const directory: Directory = {
    rows: rows.length,
    traces: order.traces.length,
    events: rows.reduce((sum, row) => sum + entries(head.eventEnd, row), 0),
    links: rows.reduce((sum, row) => sum + entries(head.linkEnd, row), 0),
    firstStart: pages.reduce(
      (first, page) => (page.firstStart < first ? page.firstStart : first),
      2n ** 64n - 1n,
    ),
    lastStart: pages.reduce((last, page) => (page.lastStart > last ? page.lastStart : last), 0n),
    lastEnd: facts.lastEnd,
    receivedFirstMs,
    receivedLastMs,
    parts: refs,
    pages,
  };
  return { chunks: parts.finish(directory), directory };
}

function bitOf(row: number, pageShift: number): number {
  return 1 << (Math.floor(row / rowsOfPage) >> pageShift);
}

function entries(ends: Int32Array, row: number): number {
  return (ends[row] ?? 0) - (row === 0 ? 0 : (ends[row - 1] ?? 0));
}

/** Distances to parents as row numbers, -1 where there is none. */
function absolute(distances: Int32Array): Int32Array {
  return distances.map((distance, at) => (distance === 0x7fff_ffff ? -1 : at + distance));
}

function bounds(head: HeadColumns, rows: Int32Array, from: number, to: number) {
  let first = rows[from] ?? 0;
  let last = first;
  let longestLow = 0;
  let longestHigh = 0;
  for (let at = from; at < to; at++) {
    const row = rows[at] ?? 0;
    if (isBefore(head.start, row, first)) first = row;
    if (isBefore(head.start, last, row)) last = row;
    const [low, high] = durationOf(head.start, head.end, row);
    if (high > longestHigh || (high === longestHigh && low > longestLow))
      [longestLow, longestHigh] = [low, high];
  }
  return {
    firstStart: time(head.start, first),
    lastStart: time(head.start, last),
    longest: (BigInt(longestHigh) << 32n) | BigInt(longestLow),
  };
}

function isBefore(times: Uint32Array, a: number, b: number): boolean {
  const ah = times[a * 2 + 1] ?? 0;
  const bh = times[b * 2 + 1] ?? 0;
  return ah < bh || (ah === bh && (times[a * 2] ?? 0) < (times[b * 2] ?? 0));
}

function time(times: Uint32Array, at: number): bigint {
  return (BigInt(times[at * 2 + 1] ?? 0) << 32n) | BigInt(times[at * 2] ?? 0);
}

function sortedIds(words: Uint32Array): ByteWriter {
  const bytes = Buffer.from(words.buffer);
  const count = words.length / 4;
  // By the bytes: two big halves compare as the whole does.
  const high = Array.from({ length: count }, (_, at) => bytes.readUIntBE(at * 16, 6));
  const order = Array.from({ length: count }, (_, at) => at).sort(
    (a, b) =>
      (high[a] ?? 0) - (high[b] ?? 0) ||
      bytes.subarray(a * 16, a * 16 + 16).compare(bytes, b * 16, b * 16 + 16),
  );
  const writer = new ByteWriter(count * 18 + 64);
  for (const at of order) writer.raw(bytes.subarray(at * 16, at * 16 + 16));
  writer.vector(order, count);
  return writer;
}

function traceFacts(head: HeadColumns, reader: HeadReader, { rows, firstRow, traces }: BlockOrder) {
  const slow = slowPairs(reader);
  const tenants = new HeadLabels(reader);
  const labels = new Int32Array(traces.length);
  const count = traces.length;
  const lengths = new Int32Array(count);
  const facts = new Uint8Array(count);
  const starts = new Uint32Array(count * 2);
  const durations = new Uint32Array(count * 2);
  let lastEnd = 0n;
  for (let trace = 0; trace < count; trace++) {
    const from = firstRow[trace] ?? 0;
    const to = firstRow[trace + 1] ?? 0;
    lengths[trace] = to - from;
    let last = rows[from] ?? 0;
    for (let at = from; at < to; at++) {
      const row = rows[at] ?? 0;
      if (isBefore(head.end, last, row)) last = row;
      if (!tenants.isEmpty) labels[trace] = mergeLabels(labels[trace] ?? 0, tenants.of(row));
      if ((head.kindStatus[row] ?? 0) >> 4 === 2) facts[trace] = (facts[trace] ?? 0) | traceFact.error;
      if (head.parentId[row * 2] === 0 && head.parentId[row * 2 + 1] === 0)
        facts[trace] = (facts[trace] ?? 0) | traceFact.root;
      const ends = head.attrEnd[row] ?? 0;
      for (let attr = row === 0 ? 0 : (head.attrEnd[row - 1] ?? 0); slow.size > 0 && attr < ends; attr++) {
        if (slow.has(head.attrs[attr] ?? 0)) facts[trace] = (facts[trace] ?? 0) | traceFact.slow;
      }
    }
    const first = rows[from] ?? 0;
    starts[trace * 2] = head.start[first * 2] ?? 0;
    starts[trace * 2 + 1] = head.start[first * 2 + 1] ?? 0;
    const end = time(head.end, last);
    const begin = time(head.start, first);
    const duration = end > begin ? end - begin : 0n;
    durations[trace * 2] = Number(duration & 0xffff_ffffn);
    durations[trace * 2 + 1] = Number(duration >> 32n);
    if (end > lastEnd) lastEnd = end;
  }
  const bytes = new ByteWriter(count * 24 + 64);
  bytes.vector(lengths, count);
  bytes.u32(starts[0] ?? 0);
  bytes.u32(starts[1] ?? 0);
  toDeltas(starts, count, starts[0] ?? 0, starts[1] ?? 0);
  writePlanes(starts, count, bytes, bytes);
  writePlanes(durations, count, bytes, bytes);
  bytes.vector(facts, count);
  writeLabels(bytes, labels, tenants.texts);
  return { bytes, lastEnd };
}

function writeBlooms({ indexes }: PageWriter): ByteWriter {
  const writer = new ByteWriter(64 * 1024);
  writer.varint(indexes.size);
  for (const [column, pages] of indexes) {
    writer.varint(column);
    writer.varint(pages.length);
    for (const { page, bloom, smallest, largest } of pages) {
      writer.varint(page);
      writer.f64(smallest);
      writer.f64(largest);
      writer.block(bloom);
    }
  }
  return writer;
}
