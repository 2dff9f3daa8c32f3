import { readKeyValue } from "../../decode/otlp-protobuf.ts";
import { ProtobufReader } from "../../decode/protobuf-reader.ts";
import type { ValueCleaner } from "../../ingest-redaction.ts";
import { type AttributeValue, type KeyValue, tenantAttribute } from "../../model.ts";
import { equalBytes, hashBytes, mix } from "../hash.ts";
import { HashTable } from "./hash-table.ts";
import { type Counts, type HeadColumns, type Place, fieldKeys, place } from "./layout.ts";
import { SeenTable } from "./seen-table.ts";
import { valueBytes, valueType } from "./value-bytes.ts";

/** The batch does not fit into what is left of the head. */
export class HeadFullError extends Error {
  override readonly name = "HeadFullError";
}

/** Stands for an attribute of which nothing may stay. */
export const nothing = -1;

/** What a dictionary finds its entries by: memory that one head after the other uses. */
export interface Tables {
  seen: SeenTable;
  pairs: HashTable;
}

export function newTables(): Tables {
  return { seen: new SeenTable(), pairs: new HashTable() };
}

/**
 * The distinct (place, key, value) pairs of a head. A pair is found by the bytes it came in, without being parsed; what is new is
 * parsed, cleaned and written down once. Nothing enters a head's text but through here.
 */
export class Dictionary {
  private readonly head: HeadColumns;
  private readonly counts: Counts;
  private readonly cleaner: ValueCleaner;
  private readonly seed: number;
  /** By place and key. */
  private readonly columns: Map<string, number>[] = [];
  private readonly pairs: HashTable;
  private readonly values: DataView;
  private readonly seen: SeenTable;
  private reader = new ProtobufReader(new Uint8Array(0));
  private bytes: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** `counts` of a head that holds entries already: they are found again. `tables` are emptied first. */
  constructor(
    head: HeadColumns,
    counts: Counts,
    cleaner: ValueCleaner,
    seed: number,
    { seen, pairs } = newTables(),
  ) {
    seen.clear();
    pairs.clear();
    this.seen = seen;
    this.pairs = pairs;
    this.head = head;
    this.counts = counts;
    this.cleaner = cleaner;
    this.seed = seed;
    this.values = new DataView(head.buffers.valueBytes);
    if (counts.columns > 0) {
      this.restore();
      return;
    }
    for (const key of fieldKeys) this.column(place.field, key);
    // Pair 0 stands for every empty text.
    this.pair(0, { type: "string", value: "" });
  }

  /** The bytes that `attribute` and `text` positions are in, until the next call. */
  read(bytes: Buffer, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.reader = new ProtobufReader(bytes);
  }

  /** The pair of a KeyValue message; `nothing` where it may not stay. Throws MalformedProtobufError, HeadFullError. */
  attribute(at: Place, start: number, end: number): number {
    const hash = hashBytes(this.view, start, end, this.seed + at);
    const known = this.seen.find(hash, at, this.view, start, end - start);
    if (known !== -1) return this.seen.result(known);
    this.reader.position = start;
    this.reader.end = end;
    const pair = this.attributeValue(at, readKeyValue(this.reader));
    this.seen.add(hash, at, this.bytes, start, end, pair);
    return pair;
  }

  /** As `attribute`, for one that was parsed. */
  attributeValue(at: Place, attribute: KeyValue): number {
    const clean = this.cleaner.attribute(attribute);
    // Only `tenant` writes it.
    if (clean === undefined || clean.key === tenantAttribute) return nothing;
    return this.pair(this.column(at, clean.key), clean.value);
  }

  /** The pair that says which tenant's token sent a resource's spans. It is the operator's word: it is not cleaned. */
  tenant(tenant: string): number {
    return this.pair(this.column(place.resource, tenantAttribute), { type: "string", value: tenant });
  }

  /** The pair of a text field, 0 where it is empty. */
  text(column: number, start: number, end: number): number {
    if (start === end) return 0;
    return this.once(16 + column, start, end, () =>
      this.textValue(column, this.bytes.toString("utf8", start, end)),
    );
  }

  textValue(column: number, text: string): number {
    if (text === "") return 0;
    const clean = this.cleaner.text(text);
    return clean === "" ? 0 : this.pair(column, { type: "string", value: clean });
  }

  /** The pair of bytes that are no text: they are not cleaned. */
  raw(column: number, value: Uint8Array): number {
    return this.pair(column, { type: "bytes", value });
  }

  /** What `make` made of the same bytes before, or makes of them now. `kind`: what they are; 0 to 8 are attributes, from 16 on texts. */
  once(kind: number, start: number, end: number, make: () => number): number {
    const hash = hashBytes(this.view, start, end, this.seed + kind);
    const known = this.seen.find(hash, kind, this.view, start, end - start);
    if (known !== -1) return this.seen.result(known);
    const made = make();
    this.seen.add(hash, kind, this.bytes, start, end, made);
    return made;
  }

  column(at: Place, key: string): number {
    const ofPlace = (this.columns[at] ??= new Map<string, number>());
    const known = ofPlace.get(key);
    if (known !== undefined) return known;
    const { head, counts } = this;
    const length = Buffer.byteLength(key);
    if (counts.keyBytes + length > head.keyBytes.length || counts.columns >= head.columnPlace.length) {
      throw new HeadFullError();
    }
    head.keyBytes.write(key, counts.keyBytes);
    counts.keyBytes += length;
    head.columnPlace[counts.columns] = at;
    head.columnKeyEnd[counts.columns] = counts.keyBytes;
    ofPlace.set(key, counts.columns);
    return counts.columns++;
  }

  private pair(column: number, value: AttributeValue): number {
    const { head, counts } = this;
    const start = counts.valueBytes;
    const end = start + this.writeValue(value, start);
    const hash = pairHash(this.values, column, start, end);
    const known = this.pairs.find(hash, (entry) => {
      const from = entry === 0 ? 0 : (head.pairEnd[entry - 1] ?? 0);
      return (
        head.pairColumn[entry] === column &&
        (head.pairEnd[entry] ?? 0) - from === end - start &&
        equalBytes(this.values, from, this.values, start, end - start)
      );
    });
    if (known !== -1) return known;
    if (counts.pairs >= head.pairColumn.length) throw new HeadFullError();
    const pair = counts.pairs++;
    counts.valueBytes = end;
    head.pairColumn[pair] = column;
    head.pairEnd[pair] = end;
    head.pairHash[pair] = hash;
    this.pairs.add(hash, pair);
    return pair;
  }

  /** At `start`, after what is there already; how many bytes. */
  private writeValue(value: AttributeValue, start: number): number {
    const { valueBytes: into } = this.head;
    if (value.type === "string") {
      const free = into.length - start;
      if (value.value.length * 3 + 1 > free && Buffer.byteLength(value.value) + 1 > free)
        throw new HeadFullError();
      into[start] = valueType.string;
      return 1 + into.write(value.value, start + 1);
    }
    const bytes = valueBytes(value);
    if (start + bytes.length > into.length) throw new HeadFullError();
    into.set(bytes, start);
    return bytes.length;
  }

  private restore(): void {
    const { head, counts } = this;
    let from = 0;
    for (let column = 0; column < counts.columns; column++) {
      const to = head.columnKeyEnd[column] ?? 0;
      const ofPlace = (this.columns[head.columnPlace[column] ?? 0] ??= new Map<string, number>());
      ofPlace.set(head.keyBytes.toString("utf8", from, to), column);
      from = to;
    }
    from = 0;
    for (let pair = 0; pair < counts.pairs; pair++) {
      const to = head.pairEnd[pair] ?? 0;
      const hash = pairHash(this.values, head.pairColumn[pair] ?? 0, from, to);
      head.pairHash[pair] = hash;
      this.pairs.add(hash, pair);
      from = to;
    }
  }
}

function pairHash(values: DataView, column: number, start: number, end: number): number {
  return hashBytes(values, start, end, mix(column + 1));
}
