import { HashTable } from "../head/hash-table.ts";
import { startOf } from "../head/entries.ts";
import { type HeadColumns, type Place, fieldKeys } from "../head/layout.ts";

/** A column with more distinct values has a dictionary on each page instead of one for the block. */
const blockDictionaryAtMost = 4_096;
/** Attributes under still more keys share columns whose values hold the key as well. */
const columnsAtMost = 4_000;

/** One attribute key at one place, and which of several under that key: 0 is the first of a span. */
export interface BlockColumn {
  number: number;
  /** Of the head; -1 for the columns that keys beyond the limit share. */
  headColumn: number;
  place: Place;
  occurrence: number;
  /** Whether every row has it: the fields of a span. */
  isField: boolean;
  hasPageDictionary: boolean;
  /** How many spans, events or links have it. */
  entries: number;
  /** Pairs of the head by code, where the dictionary is the block's. */
  pairs: number[];
  /** How many entries have each, and on which pages: bit = page >> pageShift. */
  used: number[];
  pages: number[];
}

/**
 * Columns, codes and shapes of a block. A shape is the list of columns that an entry (span, event or link) has, in the entry's order: an
 * entry is its shape and the next code of each of the shape's columns.
 */
export class BlockColumns {
  readonly columns: BlockColumn[] = [];
  readonly shapes: Int32Array[] = [];
  /** By pair: its code in the block's dictionary of its column + 1; 0 where there is none yet. */
  readonly codeOf: Int32Array;
  private readonly head: HeadColumns;
  private readonly byName = new Map<number, number>();
  private readonly shapeTable = new HashTable();
  private readonly distinct: Int32Array;
  /** By the head's column: the first occurrence's column + 1. */
  private readonly first: Int32Array;
  private readonly seenIn: Int32Array;
  private readonly timesSeen: Int32Array;
  private list = new Int32Array(64);
  private entry = 0;

  constructor(head: HeadColumns, pairs: number, headColumns: number) {
    this.head = head;
    this.codeOf = new Int32Array(pairs);
    this.distinct = new Int32Array(headColumns);
    for (let pair = 0; pair < pairs; pair++) {
      const column = head.pairColumn[pair] ?? 0;
      this.distinct[column] = (this.distinct[column] ?? 0) + 1;
    }
    this.first = new Int32Array(headColumns);
    this.seenIn = new Int32Array(headColumns);
    this.timesSeen = new Int32Array(headColumns);
    fieldKeys.forEach((_key, column) => this.columnOf(column, 0));
  }

  /** The shape of the entry whose attributes are `attrs[from..to)`, all at one place. */
  shapeOf(attrs: Int32Array, from: number, to: number, place: Place): number {
    const { seenIn, timesSeen } = this;
    const { pairColumn } = this.head;
    let { list } = this;
    const entry = ++this.entry;
    const length = to - from;
    if (length > list.length) list = this.list = new Int32Array(length * 2);
    let hash = length;
    let shared = 0;
    for (let at = from; at < to; at++) {
      const headColumn = pairColumn[attrs[at] ?? 0] ?? 0;
      let column: number;
      if (headColumn >= columnsAtMost) column = this.sharedColumn(place, shared++);
      else if (seenIn[headColumn] === entry) {
        const times = (timesSeen[headColumn] ?? 0) + 1;
        timesSeen[headColumn] = times;
        column = this.columnOf(headColumn, times);
      } else {
        seenIn[headColumn] = entry;
        timesSeen[headColumn] = 0;
        column = (this.first[headColumn] ?? 0) - 1;
        if (column === -1) column = this.columnOf(headColumn, 0);
      }
      list[at - from] = column;
      hash = Math.imul(hash ^ column, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const known = this.shapeTable.find(hash, (shape) => {
      const columns = this.shapes[shape];
      if (columns?.length !== length) return false;
      for (let at = 0; at < length; at++) if (columns[at] !== list[at]) return false;
      return true;
    });
    if (known !== -1) return known;
    this.shapeTable.add(hash, this.shapes.length);
    return this.shapes.push(list.slice(0, length)) - 1;
  }

  /** The code of a pair in the block's dictionary of `column`, which has one. */
  blockCode(column: BlockColumn, pair: number): number {
    // Pair 0, the empty text, is in every field's column: there, it always is the first.
    if (pair === 0 && column.isField) return 0;
    const known = this.codeOf[pair] ?? 0;
    if (known !== 0) return known - 1;
    const code = column.pairs.push(pair);
    this.codeOf[pair] = code;
    column.used.push(0);
    column.pages.push(0);
    return code - 1;
  }

  columnOf(headColumn: number, occurrence: number): number {
    const name = headColumn * 65_536 + occurrence;
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const isField = headColumn < fieldKeys.length;
    const made: BlockColumn = {
      number: this.columns.length,
      headColumn,
      place: (this.head.columnPlace[headColumn] ?? 0) as Place,
      occurrence,
      isField,
      hasPageDictionary: occurrence > 0 || (this.distinct[headColumn] ?? 0) > blockDictionaryAtMost,
      entries: 0,
      // The empty text is the first value of every field.
      pairs: isField ? [0] : [],
      used: isField ? [0] : [],
      pages: isField ? [0] : [],
    };
    this.byName.set(name, this.columns.length);
    if (occurrence === 0) this.first[headColumn] = this.columns.length + 1;
    return this.columns.push(made) - 1;
  }

  private sharedColumn(place: Place, occurrence: number): number {
    const name = -1 - (place * 4_194_304 + occurrence);
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const made = {
      number: this.columns.length,
      headColumn: -1,
      place,
      occurrence,
      isField: false,
      hasPageDictionary: true,
      entries: 0,
      pairs: [],
      used: [],
      pages: [],
    };
    this.byName.set(name, this.columns.length);
    return this.columns.push(made) - 1;
  }

  /** A value as a dictionary holds it: its bytes, behind its key where several keys share the column. */
  entryBytes(column: BlockColumn, pair: number): Uint8Array {
    const { head } = this;
    const value = head.valueBytes.subarray(startOf(head.pairEnd, pair), head.pairEnd[pair] ?? 0);
    if (column.headColumn !== -1) return value;
    const key = this.keyBytes(head.pairColumn[pair] ?? 0);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(key.length);
    return Buffer.concat([length, key, value]);
  }

  keyBytes(headColumn: number): Buffer {
    const { keyBytes, columnKeyEnd } = this.head;
    return keyBytes.subarray(startOf(columnKeyEnd, headColumn), columnKeyEnd[headColumn] ?? 0);
  }
}
