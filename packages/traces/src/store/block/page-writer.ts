import { fieldColumn, type HeadColumns, type Place, place } from "../head/layout.ts";
import { ByteWriter } from "./bytes.ts";
import type { BlockColumn, BlockColumns } from "./columns.ts";
import { rowsOfPage } from "./format.ts";
import type { BlockOrder } from "./order.ts";
import { indexPage, PageCodes, type PageIndex } from "./page-codes.ts";
import { noParent } from "./parents.ts";
import { toDeltas, writePlanes } from "./planes.ts";

/** The parts of one page, see `format.ts`. */
export interface PageParts {
  packed: ByteWriter;
  noisy: ByteWriter;
  values: ByteWriter;
}

/** Writes the pages of one block, one after the other. */
export class PageWriter {
  readonly indexes = new Map<number, PageIndex[]>();
  private readonly head: HeadColumns;
  private readonly columns: BlockColumns;
  private readonly order: BlockOrder;
  private readonly origins: Int32Array;
  /** By column; those of the present page have a length. */
  private readonly codes: PageCodes[] = [];
  private readonly packed = new ByteWriter(512 * 1024);
  private readonly noisy = new ByteWriter(256 * 1024);
  private readonly scratch = new Uint32Array(rowsOfPage);
  /** Code of a pair on the present page + 1, valid where the stamp is the column's on this page. */
  private readonly pageCode: Int32Array;
  private readonly pageStamp: Int32Array;
  private page = 0;
  private pageBit = 1;

  /** `origins`: the block's number of each origin of the head. */
  constructor(head: HeadColumns, columns: BlockColumns, order: BlockOrder, origins: Int32Array) {
    this.head = head;
    this.columns = columns;
    this.order = order;
    this.origins = origins;
    this.pageCode = new Int32Array(columns.codeOf.length);
    this.pageStamp = new Int32Array(columns.codeOf.length).fill(-1);
  }

  /** Rows `from` to `to` of the order; `firstTrace`: the trace that row `from` is of; `parents`: see `parents.ts`. */
  write(
    page: number,
    pageBit: number,
    from: number,
    to: number,
    firstTrace: number,
    parents: Int32Array,
  ): PageParts {
    const { head } = this;
    const rows = this.order.rows.subarray(from, to);
    const { packed, noisy, origins, scratch } = this;
    packed.clear();
    noisy.clear();
    this.page = page;
    this.pageBit = pageBit;
    for (const codes of this.codes) codes.length = 0;
    this.times(rows, packed, noisy);
    this.gather(rows, head.kindStatus);
    this.gather(rows, head.flags);
    for (let at = 0; at < rows.length; at++) scratch[at] = origins[head.origin[rows[at] ?? 0] ?? 0] ?? 0;
    packed.vector(scratch, rows.length);
    this.parents(rows, parents.subarray(from, to), packed);
    this.traces(from, to, firstTrace, packed);
    const fields: [number, Int32Array][] = [
      [fieldColumn.name, head.name],
      [fieldColumn.state, head.state],
      [fieldColumn.message, head.message],
      [fieldColumn.dropped, head.dropped],
    ];
    this.table(rows, head.attrs, head.attrEnd, place.span, fields, packed);
    const events = this.entries(rows, head.eventEnd, packed);
    const links = this.entries(rows, head.linkEnd, packed);
    this.events(rows, events, packed, noisy);
    this.links(links, packed);
    for (const row of rows) {
      noisy.u32(head.spanId[row * 2] ?? 0);
      noisy.u32(head.spanId[row * 2 + 1] ?? 0);
    }
    return { packed, noisy, values: this.dictionaries() };
  }

  private gather(rows: Int32Array, column: Uint8Array | Uint32Array): void {
    const { scratch } = this;
    for (let at = 0; at < rows.length; at++) scratch[at] = column[rows[at] ?? 0] ?? 0;
    this.packed.vector(scratch, rows.length);
  }

  private times(rows: Int32Array, packed: ByteWriter, noisy: ByteWriter): void {
    const { start, end } = this.head;
    const first = rows[0] ?? 0;
    const starts = new Uint32Array(rows.length * 2);
    const durations = new Uint32Array(rows.length * 2);
    rows.forEach((row, at) => {
      const startLow = start[row * 2] ?? 0;
      const startHigh = start[row * 2 + 1] ?? 0;
      starts[at * 2] = startLow;
      starts[at * 2 + 1] = startHigh;
      // Modulo 2^64: a span may end before it begins.
      const low = (end[row * 2] ?? 0) - startLow;
      durations[at * 2] = low;
      durations[at * 2 + 1] = (end[row * 2 + 1] ?? 0) - startHigh - (low < 0 ? 1 : 0);
    });
    const firstLow = start[first * 2] ?? 0;
    const firstHigh = start[first * 2 + 1] ?? 0;
    packed.u32(firstLow);
    packed.u32(firstHigh);
    toDeltas(starts, rows.length, firstLow, firstHigh);
    writePlanes(starts, rows.length, packed, noisy);
    writePlanes(durations, rows.length, packed, noisy);
  }

  /** 0 a root, 1 a parent that is not on the page (its id follows), else the distance to its row, zigzag, + 2. */
  private parents(rows: Int32Array, parents: Int32Array, packed: ByteWriter): void {
    const { parentId } = this.head;
    const external: number[] = [];
    const { scratch } = this;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      const distance = parents[at] ?? 0;
      if (distance !== noParent && at + distance >= 0 && at + distance < rows.length)
        scratch[at] = ((distance << 1) ^ (distance >> 31)) + 2;
      else if (parentId[row * 2] === 0 && parentId[row * 2 + 1] === 0) scratch[at] = 0;
      else {
        scratch[at] = 1;
        external.push(row);
      }
    }
    packed.vector(scratch, rows.length);
    for (const row of external) {
      packed.u32(parentId[row * 2] ?? 0);
      packed.u32(parentId[row * 2 + 1] ?? 0);
    }
  }

  private traces(from: number, to: number, firstTrace: number, packed: ByteWriter): void {
    const { firstRow } = this.order;
    const lengths: number[] = [];
    for (let trace = firstTrace, at = from; at < to; trace++) {
      const end = Math.min(to, firstRow[trace + 1] ?? to);
      lengths.push(end - at);
      at = end;
    }
    packed.varint(firstTrace);
    packed.varint(lengths.length);
    packed.vector(lengths, lengths.length);
  }

  /** How many entries each row has; which they are. */
  private entries(rows: Int32Array, ends: Int32Array, packed: ByteWriter): number[] {
    const all: number[] = [];
    const { scratch } = this;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      const from = row === 0 ? 0 : (ends[row - 1] ?? 0);
      const to = ends[row] ?? 0;
      for (let entry = from; entry < to; entry++) all.push(entry);
      scratch[at] = to - from;
    }
    packed.vector(scratch, rows.length);
    return all;
  }

  private events(rows: Int32Array, events: number[], packed: ByteWriter, noisy: ByteWriter): void {
    const { head } = this;
    if (events.length === 0) return;
    const times = new Uint32Array(events.length * 2);
    events.forEach((event, at) => {
      times[at * 2] = head.eventTime[event * 2] ?? 0;
      times[at * 2 + 1] = head.eventTime[event * 2 + 1] ?? 0;
    });
    const first = rows[0] ?? 0;
    toDeltas(times, events.length, head.start[first * 2] ?? 0, head.start[first * 2 + 1] ?? 0);
    writePlanes(times, events.length, packed, noisy);
    packed.vector(
      Float64Array.from(events, (event) => head.eventDropped[event] ?? 0),
      events.length,
    );
    const list = Int32Array.from(events);
    this.table(
      list,
      head.eventAttrs,
      head.eventAttrEnd,
      place.event,
      [[fieldColumn.eventName, head.eventName]],
      packed,
    );
  }

  private links(links: number[], packed: ByteWriter): void {
    const { head } = this;
    if (links.length === 0) return;
    for (const link of links) {
      for (let word = 0; word < 4; word++) packed.u32(head.linkTrace[link * 4 + word] ?? 0);
      for (let word = 0; word < 2; word++) packed.u32(head.linkSpan[link * 2 + word] ?? 0);
    }
    packed.vector(
      Float64Array.from(links, (link) => head.linkFlags[link] ?? 0),
      links.length,
    );
    packed.vector(
      Float64Array.from(links, (link) => head.linkDropped[link] ?? 0),
      links.length,
    );
    const list = Int32Array.from(links);
    this.table(
      list,
      head.linkAttrs,
      head.linkAttrEnd,
      place.link,
      [[fieldColumn.linkState, head.linkState]],
      packed,
    );
  }

  /** Shapes of the entries, then the codes of each column that some of them have. */
  private table(
    entries: Int32Array,
    attrs: Int32Array,
    ends: Int32Array,
    at: Place,
    fields: readonly [column: number, pairs: Int32Array][],
    packed: ByteWriter,
  ): void {
    const { columns, codes } = this;
    for (const [column, pairs] of fields) {
      const list = this.codesOf(column);
      for (let entry = 0; entry < entries.length; entry++) this.code(list, pairs[entries[entry] ?? 0] ?? 0);
    }
    const shapes = new Int32Array(entries.length);
    for (let entry = 0; entry < entries.length; entry++) {
      const number = entries[entry] ?? 0;
      const from = number === 0 ? 0 : (ends[number - 1] ?? 0);
      const to = ends[number] ?? 0;
      const shape = columns.shapeOf(attrs, from, to, at);
      shapes[entry] = shape;
      const list = columns.shapes[shape];
      for (let attribute = from; attribute < to; attribute++) {
        const column = list?.[attribute - from] ?? 0;
        this.code(codes[column] ?? this.codesOf(column), attrs[attribute] ?? 0);
      }
    }
    packed.vector(shapes, shapes.length);
    const used = codes.filter(
      ({ column, length }) => length > 0 && column.place === (column.isField ? place.field : at),
    );
    const own = used.filter(
      ({ column }) => !column.isField || fields.some(([field]) => field === column.headColumn),
    );
    packed.varint(own.length);
    for (const { column, list, length } of own) {
      packed.varint(column.number);
      packed.varint(length);
      packed.vector(list, length);
      column.entries += length;
      if (!column.hasPageDictionary) this.count(column, list, length);
    }
  }

  private count({ used, pages }: BlockColumn, list: Int32Array, length: number): void {
    const { pageBit } = this;
    for (let at = 0; at < length; at++) {
      const code = list[at] ?? 0;
      used[code] = (used[code] ?? 0) + 1;
      pages[code] = (pages[code] ?? 0) | pageBit;
    }
  }

  private codesOf(number: number): PageCodes {
    for (let next = this.codes.length; next <= number; next++) {
      const column = this.columns.columns[next];
      if (column !== undefined) this.codes.push(new PageCodes(column));
    }
    const codes = this.codes[number] as PageCodes;
    return codes;
  }

  private code(codes: PageCodes, pair: number): void {
    const { column } = codes;
    if (!column.hasPageDictionary) {
      codes.push(this.columns.blockCode(column, pair));
      return;
    }
    if (codes.length === 0) codes.pairs = column.isField ? [0] : [];
    if (pair === 0 && column.isField) {
      codes.push(0);
      return;
    }
    const stamp = this.page * 65_536 + column.number;
    if (this.pageStamp[pair] !== stamp) {
      this.pageStamp[pair] = stamp;
      this.pageCode[pair] = codes.pairs.push(pair) - 1;
    }
    codes.push(this.pageCode[pair] ?? 0);
  }

  /** The values of the columns that have a dictionary on each page. */
  private dictionaries(): ByteWriter {
    const values = new ByteWriter(64 * 1024);
    for (const { column, pairs, length } of this.codes) {
      if (length === 0 || !column.hasPageDictionary) continue;
      values.varint(column.number);
      values.varint(pairs.length);
      for (const pair of pairs) values.block(this.columns.entryBytes(column, pair));
      const list = this.indexes.get(column.number) ?? [];
      list.push(indexPage(this.head, this.columns, column, this.page, pairs));
      this.indexes.set(column.number, list);
    }
    return values;
  }
}
