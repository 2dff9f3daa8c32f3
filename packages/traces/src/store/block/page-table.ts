import type { KeyValue } from "../../model.ts";
import { readValue } from "../head/value-bytes.ts";
import { ByteReader, DamagedBlockError, type Vector } from "./bytes.ts";

/** Spans, events or links of a page: a shape for each, and the codes of each column. */
export interface PageTable {
  length: number;
  shapes: Vector;
  columns: Map<number, Vector>;
}

/** Values of a column that has a dictionary on each page. */
export interface PageValues {
  bytes: Buffer;
  starts: Int32Array;
  ends: Int32Array;
}

/** What codes and shapes of a page stand for. */
export interface PageLookup {
  shapeColumns(shape: number): number[];
  attribute(column: number, code: number): KeyValue;
  value(column: number, code: number): { bytes: Buffer; start: number; end: number };
}

/** Reads the entries of a table one after the other: it knows how far each column was read. */
export class TableCursor {
  at: number;
  private readonly page: PageLookup;
  private readonly table: PageTable;
  private readonly read = new Map<number, number>();

  constructor(page: PageLookup, table: PageTable, from: number) {
    this.page = page;
    this.table = table;
    this.at = from;
    const shapes = new Map<number, number>();
    for (let entry = 0; entry < from; entry++) {
      const shape = table.shapes.get(entry);
      shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    }
    for (const [shape, count] of shapes) {
      for (const column of page.shapeColumns(shape))
        this.read.set(column, (this.read.get(column) ?? 0) + count);
    }
  }

  /** The attributes of the present entry; goes to the next. */
  next(): KeyValue[] {
    const columns = this.page.shapeColumns(this.table.shapes.get(this.at++));
    return columns.map((column) => {
      const at = this.read.get(column) ?? 0;
      this.read.set(column, at + 1);
      const codes = this.table.columns.get(column);
      if (codes === undefined) throw new DamagedBlockError("a column is missing on a page");
      return this.page.attribute(column, codes.get(at));
    });
  }

  /** A field that every entry has. */
  field(column: number, entry: number) {
    const codes = this.table.columns.get(column);
    if (codes === undefined) throw new DamagedBlockError("a field is missing on a page");
    const { bytes, start, end } = this.page.value(column, codes.get(entry));
    return readValue(bytes, start, end);
  }
}

export function readTable(packed: ByteReader, length: number): PageTable {
  const shapes = packed.vector(length);
  const columns = new Map<number, Vector>();
  for (let left = packed.varint(); left > 0; left--) {
    const column = packed.varint();
    columns.set(column, packed.vector(packed.varint()));
  }
  return { length, shapes, columns };
}

export function readPageValues(bytes: Buffer): Map<number, PageValues> {
  const reader = new ByteReader(bytes);
  const all = new Map<number, PageValues>();
  while (!reader.isAtEnd) {
    const column = reader.varint();
    const count = reader.varint();
    if (count > bytes.length) throw new DamagedBlockError("a dictionary is too long");
    const starts = new Int32Array(count);
    const ends = new Int32Array(count);
    for (let code = 0; code < count; code++) {
      const { length } = reader.block();
      ends[code] = reader.at;
      starts[code] = reader.at - length;
    }
    all.set(column, { bytes, starts, ends });
  }
  return all;
}
