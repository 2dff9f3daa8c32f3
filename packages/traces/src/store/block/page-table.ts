import type { AttributeValue, KeyValue } from "../../model.ts";
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

interface ColumnCursor {
  column: number;
  codes: Vector;
  /** How far it was read. */
  at: number;
  /** By code, made once: spans share the object of what they have in common. */
  known: Map<number, KeyValue>;
  fields: Map<number, AttributeValue>;
}

/** Reads the entries of a table one after the other: it knows how far each column was read. */
export class TableCursor {
  at: number;
  private readonly page: PageLookup;
  private readonly table: PageTable;
  private readonly columns = new Map<number, ColumnCursor>();
  /** The columns of each shape. */
  private readonly shapes = new Map<number, ColumnCursor[]>();

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
      for (const cursor of this.columnsOf(shape)) cursor.at += count;
    }
  }

  /** The attributes of the present entry; goes to the next. */
  next(): KeyValue[] {
    const columns = this.columnsOf(this.table.shapes.get(this.at++));
    const attributes: KeyValue[] = [];
    for (const cursor of columns) {
      const code = cursor.codes.get(cursor.at++);
      let attribute = cursor.known.get(code);
      if (attribute === undefined)
        cursor.known.set(code, (attribute = this.page.attribute(cursor.column, code)));
      attributes.push(attribute);
    }
    return attributes;
  }

  /** A field that every entry has. */
  field(column: number, entry: number): AttributeValue {
    const { codes, fields } = this.column(column);
    const code = codes.get(entry);
    let value = fields.get(code);
    if (value === undefined) {
      const { bytes, start, end } = this.page.value(column, code);
      fields.set(code, (value = readValue(bytes, start, end)));
    }
    return value;
  }

  /** The text of a field; empty where it has none. */
  text(column: number, entry: number): string {
    const value = this.field(column, entry);
    return value.type === "string" ? value.value : "";
  }

  private columnsOf(shape: number): ColumnCursor[] {
    let columns = this.shapes.get(shape);
    if (columns === undefined)
      this.shapes.set(shape, (columns = this.page.shapeColumns(shape).map((column) => this.column(column))));
    return columns;
  }

  private column(column: number): ColumnCursor {
    let cursor = this.columns.get(column);
    if (cursor === undefined) {
      const codes = this.table.columns.get(column);
      if (codes === undefined) throw new DamagedBlockError("a column is missing on a page");
      cursor = { column, codes, at: 0, known: new Map(), fields: new Map() };
      this.columns.set(column, cursor);
    }
    return cursor;
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
      const length = reader.skipBlock();
      ends[code] = reader.at;
      starts[code] = reader.at - length;
    }
    all.set(column, { bytes, starts, ends });
  }
  return all;
}
