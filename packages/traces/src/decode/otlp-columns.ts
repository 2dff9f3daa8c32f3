import { anySender, type AppendOutcome, type Origin } from "../sink.ts";
import { nothing } from "../store/head/dictionary.ts";
import type { Head } from "../store/head/head.ts";
import { fieldColumn, type Place, place } from "../store/head/layout.ts";
import { ownerOf, type ResourceRecord, type ScopeRecord } from "../model.ts";
import { readResource, readScope } from "./otlp-protobuf.ts";
import { ProtobufReader, wire } from "./protobuf-reader.ts";
import { EntryDecoder } from "./otlp-entries.ts";

/** Places of remembered bytes that are no attributes. */
const resourceBytes = 8;
const scopeBytes = 9;
const storedResourceBytes = 10;

/**
 * OTLP's TracesData (protobuf) straight into the columns of a head: no object is made for a span. Spans without valid ids are refused
 * one by one. Throws MalformedProtobufError or HeadFullError; the head then has no row of it.
 */
export function decodeIntoHead(bytes: Uint8Array, head: Head, from: Origin = anySender): AppendOutcome {
  return new BatchDecoder(bytes, head, from).decode();
}

class BatchDecoder {
  private readonly head: Head;
  private readonly from: Origin;
  private readonly bytes: Buffer;
  private readonly reader: ProtobufReader;
  private readonly spans: EntryDecoder;
  private accepted = 0;
  private rejected = 0;
  private reason = "";

  constructor(bytes: Uint8Array, head: Head, from: Origin) {
    this.head = head;
    this.from = from;
    this.reader = new ProtobufReader(bytes);
    this.bytes = this.reader.bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    head.dictionary.read(this.bytes, view);
    this.spans = new EntryDecoder(this.bytes, view, head);
  }

  decode(): AppendOutcome {
    const before = { ...this.head.counts };
    const { reader } = this;
    try {
      while (reader.next()) {
        if (reader.is(1, wire.bytes)) this.inside(() => this.resourceSpans());
        else reader.skip();
      }
    } catch (error) {
      this.head.rollBack(before);
      throw error;
    }
    return { accepted: this.accepted, rejected: this.rejected, reason: this.reason };
  }

  private resourceSpans(): void {
    const { reader } = this;
    // Fields may stand in any order, so the resource is read before the spans below it.
    const start = reader.position;
    const found = { from: 0, to: 0, count: 0, schema: 0 };
    while (reader.next()) {
      if (reader.is(1, wire.bytes)) this.found(found);
      else if (reader.is(3, wire.bytes)) found.schema = this.text(fieldColumn.schemaUrl);
      else reader.skip();
    }
    const set = found.count < 2 ? this.resourceSet(found.from, found.to) : this.mergedResource(start);
    reader.position = start;
    while (reader.next()) {
      if (reader.is(2, wire.bytes)) this.inside(() => this.scopeSpans(set, found.schema));
      else reader.skip();
    }
  }

  private scopeSpans(resourceSet: number, resourceSchema: number): void {
    const { reader } = this;
    const start = reader.position;
    const found = { from: 0, to: 0, count: 0, schema: 0 };
    while (reader.next()) {
      if (reader.is(1, wire.bytes)) this.found(found);
      else if (reader.is(3, wire.bytes)) found.schema = this.text(fieldColumn.schemaUrl);
      else reader.skip();
    }
    const set = found.count < 2 ? this.scopeSet(found.from, found.to) : this.mergedScope(start);
    const origin = this.head.originOf([resourceSet, resourceSchema, set, found.schema]);
    reader.position = start;
    while (reader.next()) {
      if (reader.is(2, wire.bytes)) this.inside(() => this.span(origin));
      else reader.skip();
    }
  }

  private span(origin: number): void {
    const { reader } = this;
    const problem = this.spans.span(reader.position, reader.end, origin);
    reader.position = reader.end;
    if (problem === undefined) {
      this.accepted++;
      return;
    }
    this.rejected++;
    if (this.reason === "") this.reason = problem;
  }

  /** The range of the embedded message that the reader is at. */
  private found(range: { from: number; to: number; count: number }): void {
    const outerEnd = this.reader.enter();
    range.from = this.reader.position;
    range.to = this.reader.end;
    range.count++;
    this.reader.leave(outerEnd);
  }

  private text(column: number): number {
    const outerEnd = this.reader.enter();
    const pair = this.head.dictionary.text(column, this.reader.position, this.reader.end);
    this.reader.leave(outerEnd);
    return pair;
  }

  private resourceSet(from: number, to: number): number {
    const read = (reader: ProtobufReader): ResourceRecord => {
      const record: ResourceRecord = { attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
      readResource(reader, record);
      return record;
    };
    if (this.from === "kept")
      return this.remembered(storedResourceBytes, from, to, (reader) => this.stampedSet(read(reader)));
    const set = this.remembered(resourceBytes, from, to, (reader) => resourceSet(this.head, read(reader)));
    return this.from.tenant === undefined ? set : this.head.stamped(set, this.from.tenant);
  }

  /** The set of a resource with the tenant that it is of. */
  private stampedSet(record: ResourceRecord): number {
    const tenant = this.from === "kept" ? ownerOf(record) : this.from.tenant;
    const set = resourceSet(this.head, record);
    return tenant === undefined ? set : this.head.stamped(set, tenant);
  }

  private scopeSet(from: number, to: number): number {
    return this.remembered(scopeBytes, from, to, (reader) => {
      const record = emptyScope();
      readScope(reader, record);
      return scopeSet(this.head, record);
    });
  }

  private remembered(
    kind: number,
    from: number,
    to: number,
    make: (reader: ProtobufReader) => number,
  ): number {
    return this.head.dictionary.once(kind, from, to, () => {
      const reader = new ProtobufReader(this.bytes);
      reader.position = from;
      reader.end = to;
      return make(reader);
    });
  }

  /** A message that came in parts is their sum. */
  private mergedResource(start: number): number {
    const record: ResourceRecord = { attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
    this.merge(start, (reader) => readResource(reader, record));
    return this.stampedSet(record);
  }

  private mergedScope(start: number): number {
    const record = emptyScope();
    this.merge(start, (reader) => readScope(reader, record));
    return scopeSet(this.head, record);
  }

  private merge(start: number, read: (reader: ProtobufReader) => void): void {
    const { reader } = this;
    reader.position = start;
    while (reader.next()) {
      if (reader.is(1, wire.bytes)) this.inside(() => read(reader));
      else reader.skip();
    }
  }

  private inside(read: () => void): void {
    const outerEnd = this.reader.enter();
    read();
    this.reader.leave(outerEnd);
  }
}

function emptyScope(): ScopeRecord {
  return { name: "", version: "", attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
}

function pairsOf(head: Head, at: Place, { attributes }: ResourceRecord | ScopeRecord): number[] {
  return attributes
    .map((attribute) => head.dictionary.attributeValue(at, attribute))
    .filter((pair) => pair !== nothing);
}

function resourceSet(head: Head, record: ResourceRecord): number {
  return head.setOf([record.droppedAttributesCount | 0, ...pairsOf(head, place.resource, record)]);
}

function scopeSet(head: Head, record: ScopeRecord): number {
  const { dictionary } = head;
  return head.setOf([
    record.droppedAttributesCount | 0,
    dictionary.textValue(fieldColumn.scopeName, record.name),
    dictionary.textValue(fieldColumn.scopeVersion, record.version),
    ...pairsOf(head, place.scope, record),
  ]);
}
