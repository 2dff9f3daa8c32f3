import { type KeyValue, ownerOf, type ResourceRecord, type ScopeRecord } from "../../model.ts";
import { timeOf } from "../head/entries.ts";
import { fieldColumn } from "../head/layout.ts";
import { readValue, valueText } from "../head/value-bytes.ts";
import { ByteReader, DamagedBlockError, type Vector } from "./bytes.ts";
import type { BlockDictionary } from "./dictionary.ts";
import { type PageTable, type PageValues, readTable } from "./page-table.ts";
import { fromDeltas, readPlanes, skipPlanes } from "./planes.ts";

/** What the codes of a column stand for: values by code, each where it lies in `bytes`. */
export interface ColumnValues {
  /** Of the page and not of the block. */
  isOfPage: boolean;
  key: string;
  /** Then `key` is empty. */
  keysAreInValues: boolean;
  bytes: Buffer;
  starts: Int32Array;
  ends: Int32Array;
}

/** A page, decoded (see `format.ts`). What searches need at once, the rest when it is asked for. */
export class BlockPage {
  readonly rows: number;
  readonly kindStatus: Vector;
  readonly flags: Vector;
  readonly origins: Vector;
  readonly firstTrace: number;
  readonly traceLengths: Vector;
  readonly spans: PageTable;
  readonly eventCounts: Vector;
  readonly linkCounts: Vector;
  private readonly dictionary: BlockDictionary;
  /** 0: none; 1: the next of `externalParents`; else see `parentRow`. */
  readonly parents: Vector;
  /** 8 bytes each. */
  readonly externalParents: Buffer;
  private readonly rest: ByteReader;
  /** Where in both parts what is read when it is asked for begins. */
  private readonly startsAt: readonly [packed: number, noisy: number];
  private readonly lengthsAt: readonly [packed: number, noisy: number];
  private readonly noisy: ByteReader;
  private readonly readValues: () => Map<number, PageValues>;
  private lazyEvents: { table: PageTable; times: Uint32Array; dropped: Vector } | undefined;
  private lazyLinks: { table: PageTable; ids: Buffer; flags: Vector; dropped: Vector } | undefined;
  private lazyValues: Map<number, PageValues> | undefined;
  private lazyTraces: Int32Array | undefined;
  private eventsLength: number | undefined;
  private linksLength: number | undefined;
  private lazyStarts: Uint32Array | undefined;
  private lazyLengths: Uint32Array | undefined;
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
    this.startsAt = [packed.at, noisy.at];
    packed.skip(8);
    skipPlanes(rows, packed, noisy);
    this.lengthsAt = [packed.at, noisy.at];
    skipPlanes(rows, packed, noisy);
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
    this.rest = packed;
    this.noisy = noisy;
  }

  get starts(): Uint32Array {
    if (this.lazyStarts !== undefined) return this.lazyStarts;
    const [at, noisyAt] = this.startsAt;
    const packed = new ByteReader(this.rest.buffer, at);
    const firstLow = packed.u32();
    const firstHigh = packed.u32();
    const starts = readPlanes(this.rows, packed, new ByteReader(this.noisy.buffer, noisyAt));
    fromDeltas(starts, this.rows, firstLow, firstHigh);
    return (this.lazyStarts = starts);
  }

  /** End minus start, modulo 2^64. */
  get lengths(): Uint32Array {
    const [at, noisyAt] = this.lengthsAt;
    return (this.lazyLengths ??= readPlanes(
      this.rows,
      new ByteReader(this.rest.buffer, at),
      new ByteReader(this.noisy.buffer, noisyAt),
    ));
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
    const length = (this.eventsLength ??= sumOf(this.eventCounts));
    if (this.lazyEvents === undefined && length > 0) {
      const times = readPlanes(length, this.rest, this.noisy);
      fromDeltas(times, length, this.starts[0] ?? 0, this.starts[1] ?? 0);
      const dropped = this.rest.vector(length);
      this.lazyEvents = { times, dropped, table: readTable(this.rest, length) };
    }
    return this.lazyEvents;
  }

  get links(): { table: PageTable; ids: Buffer; flags: Vector; dropped: Vector } | undefined {
    const length = (this.linksLength ??= sumOf(this.linkCounts));
    if (this.lazyLinks === undefined && length > 0) {
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
    const owner = ownerOf(this.originOf(row).resource) ?? "";
    return `${this.spanId(row)}${this.kindStatus.get(row) & 15}${timeOf(this.starts, row)} ${owner}`;
  }

  /** The 8 bytes of each span's id, as two words. */
  spanIdWords(): Uint32Array<ArrayBuffer> {
    const { buffer } = this.noisy;
    const from = buffer.length - this.rows * 8;
    if (from < 0) throw new DamagedBlockError("span ids are missing");
    const bytes = new Uint8Array(this.rows * 8);
    bytes.set(buffer.subarray(from));
    return new Uint32Array(bytes.buffer);
  }

  /** Writes the ids of the parents of rows `from` to `to`, from place `first` on. `ids`: those of all rows; zeros stay where there is none. */
  parentIdsInto(into: Uint32Array, first: number, from: number, to: number, ids: Uint32Array): void {
    let external = this.externalBefore(from);
    for (let row = from, at = first * 2; row < to; row++, at += 2) {
      const parent = this.parents.get(row);
      if (parent === 1) {
        into[at] = this.externalParents.readUInt32LE(external * 8);
        into[at + 1] = this.externalParents.readUInt32LE(external * 8 + 4);
        external++;
      } else if (parent >= 2) {
        const other = this.parentRow(row, parent);
        into[at] = ids[other * 2] ?? 0;
        into[at + 1] = ids[other * 2 + 1] ?? 0;
      }
    }
  }

  /** Where a row's span comes from. */
  originOf(row: number): { resource: ResourceRecord; scope: ScopeRecord } {
    const origin = this.dictionary.origins[this.origins.get(row)];
    if (origin === undefined) throw new DamagedBlockError("no such origin");
    return origin;
  }

  /** The key of a column; undefined where each value has its own. */
  keyOf(column: number): string | undefined {
    const info = this.dictionary.columns[column];
    return info?.keysAreInValues === true ? undefined : (info?.key ?? "");
  }

  /** What the codes of a column stand for. */
  columnValues(column: number): ColumnValues {
    const info = this.dictionary.columns[column];
    const isOfPage = info?.hasPageDictionary === true;
    const from = isOfPage ? this.values.get(column) : info;
    return {
      isOfPage,
      key: info?.key ?? "",
      keysAreInValues: info?.keysAreInValues === true,
      bytes: from !== undefined && "bytes" in from ? from.bytes : this.dictionary.bytes,
      starts: from?.starts ?? noValues,
      ends: from?.ends ?? noValues,
    };
  }

  /** The name that a code of the column of names stands for. */
  nameOf(code: number): string {
    const { bytes, start, end } = this.value(fieldColumn.name, code);
    return valueText(bytes, start, end);
  }

  /** A value of a column by its code. */
  value(column: number, code: number): { bytes: Buffer; start: number; end: number } {
    const { bytes, starts, ends } = this.columnValues(column);
    const start = starts[code];
    const end = ends[code];
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

  /** How many rows before one have a parent that is on another page, or nowhere. */
  externalBefore(row: number): number {
    let external = 0;
    for (let at = 0; at < row && this.externalParents.length > 0; at++)
      if (this.parents.get(at) === 1) external++;
    return external;
  }

  /** The row on the page that a row names as its parent. */
  parentRow(row: number, parent: number): number {
    const other = row + (((parent - 2) >>> 1) ^ -((parent - 2) & 1));
    if (other < 0 || other >= this.rows) throw new DamagedBlockError("no such parent");
    return other;
  }

  /** Of many rows the ids are made hexadecimal together. */
  spanIds(from: number, to: number): (row: number) => string {
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
}

const noValues = new Int32Array(0);
/** With fewer rows than these, ids are read one by one. */
const manyRows = 64;

/** Of entries `from` to `to`. */
export function sumOf(counts: Vector, from = 0, to = counts.length): number {
  if (counts.constant !== undefined) return counts.constant * (to - from);
  let sum = 0;
  for (let at = from; at < to; at++) sum += counts.get(at);
  return sum;
}
