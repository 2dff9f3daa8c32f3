/**
 * The part `dictionary` of a block.
 *   pageShift  u8: a bit of a value's pages is its page >> pageShift
 *   columns    count; for each: place u8 (`head/layout.ts`), occurrence (varint), flags u8 (1 page dictionary, 2 the keys are in the values),
 *              key (length, UTF-8), entries that have it (varint), values (count, 0 with a page dictionary); for each: entries that have it (varint), pages (u32), value
 *              (length, bytes as in `head/value-bytes.ts`). In a column whose keys are in the values, each value stands behind the length
 *              of its key (u32) and the key.
 *   shapes     count; for each: columns (count), their numbers
 *   resources  count; for each: dropped attributes, schema URL, attributes (count; for each: key, value)
 *   scopes     count; for each: dropped attributes, schema URL, name, version, attributes
 *   origins    count; for each: resource, scope, rows, pages (u32)
 */
import type { KeyValue, ResourceRecord, ScopeRecord } from "../../model.ts";
import { startOf } from "../head/entries.ts";
import type { HeadReader } from "../head/head-reader.ts";
import type { Place } from "../head/layout.ts";
import { readValue } from "../head/value-bytes.ts";
import { type ByteReader, ByteWriter, DamagedBlockError } from "./bytes.ts";
import type { BlockColumns } from "./columns.ts";

/** The origins of a block, numbered as they come. */
export class OriginWriter {
  /** The block's number of each origin of the head. */
  readonly numbers: Int32Array;
  private readonly used: { origin: number; rows: number; pages: number }[] = [];
  private readonly reader: HeadReader;

  constructor(reader: HeadReader) {
    this.reader = reader;
    this.numbers = new Int32Array(reader.counts.origins).fill(-1);
  }

  count(origin: number, pageBit: number): void {
    let number = this.numbers[origin] ?? -1;
    if (number === -1) {
      number = this.used.push({ origin, rows: 0, pages: 0 }) - 1;
      this.numbers[origin] = number;
    }
    const one = this.used[number];
    if (one === undefined) return;
    one.rows++;
    one.pages |= pageBit;
  }

  write(writer: ByteWriter): void {
    const { originWords } = this.reader.columns;
    const resources = new Map<string, [set: number, schema: number]>();
    const scopes = new Map<string, [set: number, schema: number]>();
    const numbers = new Map<string, number>();
    const number = (
      all: Map<string, [number, number]>,
      kind: string,
      set: number,
      schema: number,
    ): number => {
      const name = `${set},${schema}`;
      const known = numbers.get(kind + name) ?? all.size;
      numbers.set(kind + name, known);
      all.set(name, [set, schema]);
      return known;
    };
    const origins = this.used.map(({ origin, rows, pages }) => {
      const [resource = 0, resourceSchema = 0, scope = 0, scopeSchema = 0] = originWords.subarray(
        origin * 4,
        origin * 4 + 4,
      );
      return [
        number(resources, "r", resource, resourceSchema),
        number(scopes, "s", scope, scopeSchema),
        rows,
        pages,
      ] as const;
    });
    writer.varint(resources.size);
    for (const [set, schema] of resources.values()) {
      const [dropped = 0, ...pairs] = this.reader.wordsOf(set);
      writer.varint(dropped >>> 0);
      writer.text(this.reader.text(schema));
      this.pairs(writer, pairs);
    }
    writer.varint(scopes.size);
    for (const [set, schema] of scopes.values()) {
      const [dropped = 0, name = 0, version = 0, ...pairs] = this.reader.wordsOf(set);
      writer.varint(dropped >>> 0);
      for (const pair of [schema, name, version]) writer.text(this.reader.text(pair));
      this.pairs(writer, pairs);
    }
    writer.varint(origins.length);
    for (const [resource, scope, rows, pages] of origins) {
      writer.varint(resource);
      writer.varint(scope);
      writer.varint(rows);
      writer.u32(pages);
    }
  }

  private pairs(writer: ByteWriter, pairs: readonly number[]): void {
    const { pairColumn, pairEnd, valueBytes } = this.reader.columns;
    writer.varint(pairs.length);
    for (const pair of pairs) {
      writer.text(this.reader.key(pairColumn[pair] ?? 0));
      writer.block(valueBytes.subarray(startOf(pairEnd, pair), pairEnd[pair] ?? 0));
    }
  }
}

export function writeDictionary(columns: BlockColumns, origins: OriginWriter, pageShift: number): ByteWriter {
  const writer = new ByteWriter(64 * 1024);
  writer.u8(pageShift);
  writer.varint(columns.columns.length);
  for (const column of columns.columns) {
    writer.u8(column.place);
    writer.varint(column.occurrence);
    writer.u8((column.hasPageDictionary ? 1 : 0) + (column.headColumn === -1 ? 2 : 0));
    writer.block(column.headColumn === -1 ? Buffer.alloc(0) : columns.keyBytes(column.headColumn));
    writer.varint(column.entries);
    const pairs = column.hasPageDictionary ? [] : column.pairs;
    writer.varint(pairs.length);
    pairs.forEach((pair, code) => {
      writer.varint(column.used[code] ?? 0);
      writer.u32(column.pages[code] ?? 0);
      writer.block(columns.entryBytes(column, pair));
    });
  }
  writer.varint(columns.shapes.length);
  for (const shape of columns.shapes) {
    writer.varint(shape.length);
    for (const column of shape) writer.varint(column);
  }
  origins.write(writer);
  return writer;
}

export interface ColumnInfo {
  number: number;
  place: Place;
  occurrence: number;
  key: string;
  hasPageDictionary: boolean;
  keysAreInValues: boolean;
  /** How many spans, events or links have it. */
  entries: number;
  /** Values of the block's dictionary: where each begins and ends in `BlockDictionary.bytes`, entries that have it, pages. */
  starts: Int32Array;
  ends: Int32Array;
  used: Int32Array;
  pages: Int32Array;
}

interface OriginInfo {
  resource: ResourceRecord;
  scope: ScopeRecord;
  rows: number;
  pages: number;
}

export interface BlockDictionary {
  bytes: Buffer;
  pageShift: number;
  columns: ColumnInfo[];
  shapes: number[][];
  origins: OriginInfo[];
}

export function readDictionary(reader: ByteReader): BlockDictionary {
  const pageShift = reader.u8();
  const columns = list(reader, (number) => readColumn(reader, number));
  const shapes = list(reader, () => list(reader, () => reader.varint()));
  const resources = list(reader, (): ResourceRecord => {
    const droppedAttributesCount = reader.varint();
    return { droppedAttributesCount, schemaUrl: reader.text(), attributes: readAttributes(reader) };
  });
  const scopes = list(reader, (): ScopeRecord => {
    const droppedAttributesCount = reader.varint();
    const schemaUrl = reader.text();
    return {
      name: reader.text(),
      version: reader.text(),
      attributes: readAttributes(reader),
      droppedAttributesCount,
      schemaUrl,
    };
  });
  const origins = list(reader, (): OriginInfo => {
    const resource = resources[reader.varint()];
    const scope = scopes[reader.varint()];
    if (resource === undefined || scope === undefined)
      throw new DamagedBlockError("no such resource or scope");
    return { resource, scope, rows: reader.varint(), pages: reader.u32() };
  });
  return { bytes: reader.buffer, pageShift, columns, shapes, origins };
}

function readColumn(reader: ByteReader, number: number): ColumnInfo {
  const at = reader.u8() as Place;
  const occurrence = reader.varint();
  const flags = reader.u8();
  const key = reader.text();
  const entries = reader.varint();
  const count = reader.varint();
  // A damaged count must not ask for memory: each value takes six bytes at least.
  if (count > reader.buffer.length / 6) throw new DamagedBlockError("a dictionary is too long");
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const used = new Int32Array(count);
  const pages = new Int32Array(count);
  for (let code = 0; code < count; code++) {
    used[code] = reader.varint();
    pages[code] = reader.u32();
    const length = reader.skipBlock();
    ends[code] = reader.at;
    starts[code] = reader.at - length;
  }
  return {
    number,
    place: at,
    occurrence,
    key,
    hasPageDictionary: (flags & 1) !== 0,
    keysAreInValues: (flags & 2) !== 0,
    entries,
    starts,
    ends,
    used,
    pages,
  };
}

function readAttributes(reader: ByteReader): KeyValue[] {
  return list(reader, () => {
    const key = reader.text();
    const value = reader.block();
    return { key, value: readValue(value, 0, value.length) };
  });
}

function list<T>(reader: ByteReader, read: (at: number) => T): T[] {
  const all: T[] = [];
  const count = reader.varint();
  for (let at = 0; at < count; at++) all.push(read(at));
  return all;
}
