import {
  type EventRecord,
  type KeyValue,
  type LinkRecord,
  ownerOf,
  type SpanKind,
  type SpanRecord,
  type StatusCode,
} from "../../model.ts";
import { fieldColumn } from "../head/layout.ts";
import { readValue, valueText } from "../head/value-bytes.ts";
import { type ByteReader, DamagedBlockError, type Vector } from "./bytes.ts";
import type { BlockDictionary } from "./dictionary.ts";
import { type PageTable, type PageValues, readTable, TableCursor } from "./page-table.ts";
import { fromDeltas, readPlanes } from "./planes.ts";

/** A page, decoded (see `format.ts`). What searches need at once, the rest when it is asked for. */
export class BlockPage {
  readonly rows: number;
  readonly starts: Uint32Array;
  /** End minus start, modulo 2^64. */
  readonly lengths: Uint32Array;
  readonly kindStatus: Vector;
  readonly flags: Vector;
  readonly origins: Vector;
  readonly firstTrace: number;
  readonly traceLengths: Vector;
  readonly spans: PageTable;
  readonly eventCounts: Vector;
  readonly linkCounts: Vector;
  private readonly dictionary: BlockDictionary;
  private readonly parents: Vector;
  private readonly externalParents: Buffer;
  private readonly eventsLength: number;
  private readonly linksLength: number;
  private readonly rest: ByteReader;
  private readonly noisy: ByteReader;
  private readonly readValues: () => Map<number, PageValues>;
  private lazyEvents: { table: PageTable; times: Uint32Array; dropped: Vector } | undefined;
  private lazyLinks: { table: PageTable; ids: Buffer; flags: Vector; dropped: Vector } | undefined;
  private lazyValues: Map<number, PageValues> | undefined;
  private lazyTraces: Int32Array | undefined;
  private lazyDurations: Uint32Array | undefined;

  constructor(
    rows: number,
    packed: ByteReader,
    noisy: ByteReader,
    dictionary: BlockDictionary,
    readValues: () => Map<number, PageValues>,
  ) {
    this.rows = rows;
    this.dictionary = dictionary;
    this.readValues = readValues;
    const firstLow = packed.u32();
    const firstHigh = packed.u32();
    this.starts = readPlanes(rows, packed, noisy);
    fromDeltas(this.starts, rows, firstLow, firstHigh);
    this.lengths = readPlanes(rows, packed, noisy);
    this.kindStatus = packed.vector(rows);
    this.flags = packed.vector(rows);
    this.origins = packed.vector(rows);
    this.parents = packed.vector(rows);
    let external = 0;
    if (this.parents.constant === undefined || this.parents.constant === 1) {
      for (let row = 0; row < rows; row++) if (this.parents.get(row) === 1) external++;
    }
    this.externalParents = packed.raw(external * 8);
    this.firstTrace = packed.varint();
    this.traceLengths = packed.vector(packed.varint());
    this.spans = readTable(packed, rows);
    this.eventCounts = packed.vector(rows);
    this.linkCounts = packed.vector(rows);
    this.eventsLength = sum(this.eventCounts);
    this.linksLength = sum(this.linkCounts);
    this.rest = packed;
    this.noisy = noisy;
  }

  /** As `lengths`, but 0 for spans that end before they begin. */
  get durations(): Uint32Array {
    if (this.lazyDurations !== undefined) return this.lazyDurations;
    const { starts, lengths } = this;
    let durations = lengths;
    for (let row = 0; row < this.rows; row++) {
      const carry = (starts[row * 2] ?? 0) + (lengths[row * 2] ?? 0) > 0xffff_ffff ? 1 : 0;
      // Start and length overflow: the end came before the start.
      if ((starts[row * 2 + 1] ?? 0) + (lengths[row * 2 + 1] ?? 0) + carry <= 0xffff_ffff) continue;
      if (durations === lengths) durations = lengths.slice();
      durations[row * 2] = durations[row * 2 + 1] = 0;
    }
    this.lazyDurations = durations;
    return durations;
  }

  /** The trace of a row, in the block's order. */
  traceOf(row: number): number {
    if (this.lazyTraces === undefined) {
      const traces = new Int32Array(this.rows);
      let at = 0;
      for (let trace = 0; trace < this.traceLengths.length; trace++) {
        const end = at + this.traceLengths.get(trace);
        traces.fill(this.firstTrace + trace, at, end);
        at = end;
      }
      this.lazyTraces = traces;
    }
    return this.lazyTraces[row] ?? 0;
  }

  get events(): { table: PageTable; times: Uint32Array; dropped: Vector } | undefined {
    if (this.lazyEvents === undefined && this.eventsLength > 0) {
      const length = this.eventsLength;
      const times = readPlanes(length, this.rest, this.noisy);
      fromDeltas(times, length, this.starts[0] ?? 0, this.starts[1] ?? 0);
      const dropped = this.rest.vector(length);
      this.lazyEvents = { times, dropped, table: readTable(this.rest, length) };
    }
    return this.lazyEvents;
  }

  get links(): { table: PageTable; ids: Buffer; flags: Vector; dropped: Vector } | undefined {
    if (this.lazyLinks === undefined && this.linksLength > 0) {
      const length = this.linksLength;
      // They stand behind the events.
      void this.events;
      const ids = this.rest.raw(length * 24);
      const flags = this.rest.vector(length);
      const dropped = this.rest.vector(length);
      this.lazyLinks = { ids, flags, dropped, table: readTable(this.rest, length) };
    }
    return this.lazyLinks;
  }

  /** Values by column, of those with a dictionary on each page. */
  get values(): Map<number, PageValues> {
    this.lazyValues ??= this.readValues();
    return this.lazyValues;
  }

  /** What copies of a span have in common. */
  spanKey(row: number): string {
    const origin = this.dictionary.origins[this.origins.get(row)];
    const owner = origin === undefined ? "" : (ownerOf(origin.resource) ?? "");
    return `${this.spanId(row)}${this.kindStatus.get(row) & 15}${timeOf(this.starts, row)} ${owner}`;
  }

  /** Spans of rows `from` to `to`, which are of one trace. */
  read(from: number, to: number, traceId: string): SpanRecord[] {
    const spans = new TableCursor(this, this.spans, from);
    const events =
      this.events === undefined
        ? undefined
        : new TableCursor(this, this.events.table, prefix(this.eventCounts, from));
    const links =
      this.links === undefined
        ? undefined
        : new TableCursor(this, this.links.table, prefix(this.linkCounts, from));
    let external = 0;
    for (let row = 0; row < from && this.externalParents.length > 0; row++)
      if (this.parents.get(row) === 1) external++;
    const idOf = this.spanIds(from, to);
    const [starts, lengths] = [whole(this.starts), whole(this.lengths)];
    const records: SpanRecord[] = [];
    for (let row = from; row < to; row++) {
      const parent = this.parents.get(row);
      let parentSpanId = "";
      if (parent === 1) {
        parentSpanId = this.externalParents.toString("hex", external * 8, external * 8 + 8);
        external++;
      } else if (parent >= 2) {
        const distance = ((parent - 2) >>> 1) ^ -((parent - 2) & 1);
        if (row + distance < 0 || row + distance >= this.rows) throw new DamagedBlockError("no such parent");
        parentSpanId = idOf(row + distance);
      }
      const origin = this.dictionary.origins[this.origins.get(row)];
      if (origin === undefined) throw new DamagedBlockError("no such origin");
      const dropped = spans.field(fieldColumn.dropped, row);
      const counts = dropped.type === "bytes" ? Buffer.from(dropped.value) : noneDropped;
      const start = starts[row] ?? 0n;
      const name = spans.text(fieldColumn.name, row);
      const traceState = spans.text(fieldColumn.state, row);
      const statusMessage = spans.text(fieldColumn.message, row);
      records.push({
        traceId,
        spanId: idOf(row),
        parentSpanId,
        traceState,
        flags: this.flags.get(row),
        name,
        kind: (this.kindStatus.get(row) & 15) as SpanKind,
        startUnixNano: start,
        endUnixNano: BigInt.asUintN(64, start + (lengths[row] ?? 0n)),
        attributes: spans.next(),
        droppedAttributesCount: counts.readUInt32LE(0),
        events: this.eventsOf(events, this.eventCounts.get(row)),
        droppedEventsCount: counts.readUInt32LE(4),
        links: this.linksOf(links, this.linkCounts.get(row)),
        droppedLinksCount: counts.readUInt32LE(8),
        statusCode: (this.kindStatus.get(row) >> 4) as StatusCode,
        statusMessage,
        resource: origin.resource,
        scope: origin.scope,
      });
    }
    return records;
  }

  /** The name that a code of the column of names stands for. */
  nameOf(code: number): string {
    const { bytes, start, end } = this.value(fieldColumn.name, code);
    return valueText(bytes, start, end);
  }

  /** A value of a column by its code. */
  value(column: number, code: number): { bytes: Buffer; start: number; end: number } {
    const info = this.dictionary.columns[column];
    const from = info?.hasPageDictionary === true ? this.values.get(column) : info;
    const bytes = from !== undefined && "bytes" in from ? from.bytes : this.dictionary.bytes;
    const start = from?.starts[code];
    const end = from?.ends[code];
    if (start === undefined || end === undefined) throw new DamagedBlockError("no such value");
    return { bytes, start, end };
  }

  attribute(column: number, code: number): KeyValue {
    const info = this.dictionary.columns[column];
    const { bytes, start, end } = this.value(column, code);
    if (info?.keysAreInValues !== true) return { key: info?.key ?? "", value: readValue(bytes, start, end) };
    const valueAt = start + 4 + bytes.readUInt32LE(start);
    return { key: bytes.toString("utf8", start + 4, valueAt), value: readValue(bytes, valueAt, end) };
  }

  shapeColumns(shape: number): number[] {
    const columns = this.dictionary.shapes[shape];
    if (columns === undefined) throw new DamagedBlockError("no such shape");
    return columns;
  }

  /** Of many rows the ids are made hexadecimal together. */
  private spanIds(from: number, to: number): (row: number) => string {
    if (to - from < manyRows) return (row) => this.spanId(row);
    const { buffer } = this.noisy;
    const first = buffer.length - this.rows * 8;
    if (first < 0) throw new DamagedBlockError("span ids are missing");
    const hex = buffer.toString("hex", first);
    return (row) => hex.slice(row * 16, row * 16 + 16);
  }

  /** They are what the part ends with. */
  private spanId(row: number): string {
    const { buffer } = this.noisy;
    const from = buffer.length - (this.rows - row) * 8;
    if (from < 0) throw new DamagedBlockError("span ids are missing");
    return buffer.toString("hex", from, from + 8);
  }

  private eventsOf(cursor: TableCursor | undefined, count: number): EventRecord[] {
    const { events } = this;
    if (events === undefined || cursor === undefined) return [];
    if (count === 0) return [];
    return Array.from({ length: count }, () => {
      const at = cursor.at;
      return {
        timeUnixNano: timeOf(events.times, at),
        name: cursor.text(fieldColumn.eventName, at),
        attributes: cursor.next(),
        droppedAttributesCount: events.dropped.get(at),
      };
    });
  }

  private linksOf(cursor: TableCursor | undefined, count: number): LinkRecord[] {
    const { links } = this;
    if (links === undefined || cursor === undefined) return [];
    if (count === 0) return [];
    return Array.from({ length: count }, () => {
      const at = cursor.at;
      return {
        traceId: links.ids.toString("hex", at * 24, at * 24 + 16),
        spanId: links.ids.toString("hex", at * 24 + 16, at * 24 + 24),
        traceState: cursor.text(fieldColumn.linkState, at),
        attributes: cursor.next(),
        droppedAttributesCount: links.dropped.get(at),
        flags: links.flags.get(at),
      };
    });
  }
}

const noneDropped = Buffer.alloc(12);
/** With fewer rows than these, ids are read one by one. */
const manyRows = 64;

/** Numbers that lie as low and high halves by turns. */
function whole(halves: Uint32Array): BigUint64Array {
  const { buffer, byteOffset, length } = halves;
  // A machine has its halves in this order too, where they lie on a whole word.
  if (byteOffset % 8 === 0) return new BigUint64Array(buffer, byteOffset, length / 2);
  return new BigUint64Array(halves.slice().buffer);
}

function timeOf(times: Uint32Array, at: number): bigint {
  return (BigInt(times[at * 2 + 1] ?? 0) << 32n) | BigInt(times[at * 2] ?? 0);
}

function sum(counts: Vector): number {
  return prefix(counts, counts.length);
}

function prefix(counts: Vector, to: number): number {
  if (counts.constant !== undefined) return counts.constant * to;
  let total = 0;
  for (let at = 0; at < to; at++) total += counts.get(at);
  return total;
}
