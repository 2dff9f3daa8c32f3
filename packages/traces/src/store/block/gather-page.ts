import type { GrowingNumbers } from "../../growing.ts";
import type { AttributeLists, TraceTable } from "../../trace-columns/table.ts";
import { fieldColumn } from "../head/layout.ts";
import { readValue } from "../head/value-bytes.ts";
import { DamagedBlockError, type Vector } from "./bytes.ts";
import { type BlockPage, type ColumnValues, sumOf } from "./page.ts";
import type { PageTable } from "./page-table.ts";

/** The codes of one column of a page, and what they stand for. */
interface Codes {
  vector: Vector;
  /** How far it was read. */
  at: number;
  values: ColumnValues;
  /** By code: its number in the trace's table plus one; 0 where none was given yet. */
  numbers: Int32Array;
}

/** Gathers rows of a block's pages into the table of their trace. What the dictionary of the block has is looked up once for all pages. */
export class PageGatherer {
  private readonly into: TraceTable;
  private readonly ofBlock = new Map<number, Int32Array>();

  constructor(into: TraceTable) {
    this.into = into;
  }

  /** Rows `from` to `to`, which are of the trace. */
  gather(page: BlockPage, from: number, to: number): void {
    const { into } = this;
    const first = into.rows;
    const count = to - from;
    into.rows += count;
    const ids = page.spanIdWords();
    into.spanIds.set(ids.subarray(from * 2, to * 2), first * 2);
    into.starts.set(page.starts.subarray(from * 2, to * 2), first * 2);
    const { starts, lengths } = page;
    for (let row = from, at = first * 2; row < to; row++, at += 2) {
      const low = (starts[row * 2] ?? 0) + (lengths[row * 2] ?? 0);
      const carry = low > 0xffff_ffff ? 1 : 0;
      // Modulo 2^64.
      into.ends[at] = low;
      into.ends[at + 1] = (starts[row * 2 + 1] ?? 0) + (lengths[row * 2 + 1] ?? 0) + carry;
    }
    page.parentIdsInto(into.parentIds, first, from, to, ids);
    for (let row = from; row < to; row++) into.kindStatus[first + row - from] = page.kindStatus.get(row);
    for (let row = from; row < to; row++)
      into.rowOrigins[first + row - from] = into.origins.of(page.originOf(row));

    const wants = (column: number): boolean => {
      const key = page.keyOf(column);
      return key === undefined || into.wants(key);
    };
    const spans = new TableReader(this, page, page.spans, into.attributes, from, wants);
    spans.texts(fieldColumn.name, from, to, into.names, first);
    spans.texts(fieldColumn.message, from, to, into.messages, first);
    for (let row = from; row < to; row++) spans.next();
    this.gatherEvents(page, from, to, first);
    this.gatherLinks(page, from, to, first);
  }

  /** Codes of one column of a page. */
  codesOf(page: BlockPage, table: PageTable, column: number): Codes {
    const vector = table.columns.get(column);
    if (vector === undefined) throw new DamagedBlockError("a column is missing on a page");
    const values = page.columnValues(column);
    const { isOfPage, starts } = values;
    const numbers = (isOfPage ? undefined : this.ofBlock.get(column)) ?? new Int32Array(starts.length);
    if (!isOfPage) this.ofBlock.set(column, numbers);
    return { vector, at: 0, values, numbers };
  }

  attribute({ values, numbers }: Codes, code: number): number {
    const { bytes, key, keysAreInValues } = values;
    const { dictionary } = this.into;
    const start = startOf(values, code);
    const end = values.ends[code] ?? 0;
    const valueAt = keysAreInValues ? start + 4 + bytes.readUInt32LE(start) : start;
    const own = keysAreInValues ? bytes.toString("utf8", start + 4, valueAt) : key;
    const number = dictionary.add(dictionary.keys.of(own), bytes, valueAt, end);
    numbers[code] = number + 1;
    return number;
  }

  text({ values, numbers }: Codes, code: number): number {
    const start = startOf(values, code);
    const { bytes, ends } = values;
    const end = ends[code] ?? 0;
    const value = readValue(bytes, start, end);
    const number = this.into.texts.of(value.type === "string" ? value.value : "");
    numbers[code] = number + 1;
    return number;
  }

  private gatherEvents(page: BlockPage, from: number, to: number, first: number): void {
    const { into } = this;
    const { events } = page;
    let end = into.eventTimes.length / 2;
    if (events === undefined) {
      into.eventEnds.fill(end, first, first + to - from);
      return;
    }
    let event = sumOf(page.eventCounts, 0, from);
    const last = event + sumOf(page.eventCounts, from, to);
    const table = new TableReader(this, page, events.table, into.eventAttributes, event);
    for (let row = from; row < to; row++)
      into.eventEnds[first + row - from] = end += page.eventCounts.get(row);
    table.textsOnto(fieldColumn.eventName, event, last, into.eventNames);
    for (; event < last; event++) {
      into.eventTimes.push(events.times[event * 2] ?? 0);
      into.eventTimes.push(events.times[event * 2 + 1] ?? 0);
      table.next();
    }
  }

  private gatherLinks(page: BlockPage, from: number, to: number, first: number): void {
    const { into } = this;
    const { links } = page;
    let end = into.linkIds.length / 6;
    if (links === undefined) {
      into.linkEnds.fill(end, first, first + to - from);
      return;
    }
    let link = sumOf(page.linkCounts, 0, from);
    const last = link + sumOf(page.linkCounts, from, to);
    const table = new TableReader(this, page, links.table, into.linkAttributes, link);
    for (let row = from; row < to; row++) into.linkEnds[first + row - from] = end += page.linkCounts.get(row);
    for (; link < last; link++) {
      for (let word = 0; word < 6; word++) into.linkIds.push(links.ids.readUInt32LE(link * 24 + word * 4));
      table.next();
    }
  }
}

/** Reads the entries of a page's table one after the other, as `TableCursor` does, into lists of numbers. */
class TableReader {
  private readonly gatherer: PageGatherer;
  private readonly page: BlockPage;
  private readonly table: PageTable;
  private readonly lists: AttributeLists;
  private readonly wants: (column: number) => boolean;
  private readonly columns = new Map<number, Codes>();
  /** The columns of each shape. */
  private readonly shapes: (Codes[] | undefined)[] = [];
  private at: number;

  /** `wants`: which columns of attributes are read, where not all are. */
  constructor(
    gatherer: PageGatherer,
    page: BlockPage,
    table: PageTable,
    lists: AttributeLists,
    from: number,
    wants: (column: number) => boolean = () => true,
  ) {
    this.wants = wants;
    this.gatherer = gatherer;
    this.page = page;
    this.table = table;
    this.lists = lists;
    this.at = from;
    for (let entry = 0; entry < from; entry++)
      for (const codes of this.columnsOf(table.shapes.get(entry))) codes.at++;
  }

  /** The attributes of the present entry; goes to the next. */
  next(): void {
    const { gatherer, lists } = this;
    const { numbers } = lists;
    for (const codes of this.columnsOf(this.table.shapes.get(this.at++))) {
      const code = codes.vector.get(codes.at++);
      const known = codes.numbers[code] ?? 0;
      numbers.push(known === 0 ? gatherer.attribute(codes, code) : known - 1);
    }
    lists.end();
  }

  /** A field that every entry has, from `first` on. */
  texts(column: number, from: number, to: number, into: Uint32Array, first: number): void {
    const codes = this.column(column);
    for (let entry = from; entry < to; entry++) into[first + entry - from] = this.textAt(codes, entry);
  }

  textsOnto(column: number, from: number, to: number, into: GrowingNumbers): void {
    const codes = this.column(column);
    for (let entry = from; entry < to; entry++) into.push(this.textAt(codes, entry));
  }

  private textAt(codes: Codes, entry: number): number {
    const code = codes.vector.get(entry);
    const known = codes.numbers[code] ?? 0;
    return known === 0 ? this.gatherer.text(codes, code) : known - 1;
  }

  private columnsOf(shape: number): Codes[] {
    const known = this.shapes[shape];
    if (known !== undefined) return known;
    const columns = this.page
      .shapeColumns(shape)
      .filter((column) => this.wants(column))
      .map((column) => this.column(column));
    this.shapes[shape] = columns;
    return columns;
  }

  private column(column: number): Codes {
    let codes = this.columns.get(column);
    if (codes === undefined)
      this.columns.set(column, (codes = this.gatherer.codesOf(this.page, this.table, column)));
    return codes;
  }
}

function startOf({ starts }: ColumnValues, code: number): number {
  const start = starts[code];
  if (start === undefined) throw new DamagedBlockError("no such value");
  return start;
}
