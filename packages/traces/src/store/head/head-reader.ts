import type {
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanKind,
  SpanRecord,
  StatusCode,
} from "../../model.ts";
import { hashTraceId } from "../hash.ts";
import { startOf, timeOf } from "./entries.ts";
import { HeadIndex } from "./head-index.ts";
import type { Counts, HeadColumns } from "./layout.ts";
import { ownersOf } from "./owners.ts";
import { readValue, valueText } from "./value-bytes.ts";

/** Spans out of a head, as far as `counts` goes: rows and entries beyond it are not looked at. */
export class HeadReader {
  readonly counts: Readonly<Counts>;
  readonly columns: HeadColumns;
  readonly index: HeadIndex;
  private lazyOwners: Int32Array | undefined;

  /** `index`: what readers of the same head found out before. */
  constructor(columns: HeadColumns, counts: Readonly<Counts>, index = new HeadIndex(columns)) {
    this.columns = columns;
    this.counts = counts;
    this.index = index;
  }

  /** The distinct values of a column. */
  pairsOfColumn(column: number): readonly number[] {
    return this.index.pairsOfColumn(column, this.counts);
  }

  /** Rows of a trace, the newest first. `id`: the words of its 16 bytes. */
  rowsOf(id: Uint32Array): number[] {
    const trace = this.traceOf(id);
    const rows: number[] = [];
    const { traceLast, rowBefore } = this.columns;
    for (let row = trace === -1 ? -1 : (traceLast[trace] ?? -1); row !== -1; row = rowBefore[row] ?? -1) {
      if (row < this.counts.rows) rows.push(row);
    }
    return rows;
  }

  traceId(trace: number): string {
    return hexOf(this.columns.traceIds, trace * 4, 4);
  }

  /** By origin: the pair of the tenant whose token sent its spans. */
  get owners(): Int32Array {
    this.lazyOwners ??= ownersOf(this.columns, this.counts);
    return this.lazyOwners;
  }

  /** What copies of a span have in common. */
  spanKey(row: number): string {
    const { spanId, kindStatus, start, origin } = this.columns;
    const owner = this.text(this.owners[origin[row] ?? 0] ?? 0);
    return `${hexOf(spanId, row * 2, 2)}${(kindStatus[row] ?? 0) & 15}${timeOf(start, row)} ${owner}`;
  }

  span(row: number): SpanRecord {
    const { columns } = this;
    const { resource, scope } = this.originOf(columns.origin[row] ?? 0);
    const dropped = this.droppedOf(columns.dropped[row] ?? 0);
    return {
      traceId: this.traceId(columns.trace[row] ?? 0),
      spanId: hexOf(columns.spanId, row * 2, 2),
      parentSpanId: parentOf(columns.parentId, row * 2),
      traceState: this.text(columns.state[row] ?? 0),
      flags: columns.flags[row] ?? 0,
      name: this.text(columns.name[row] ?? 0),
      kind: ((columns.kindStatus[row] ?? 0) & 15) as SpanKind,
      startUnixNano: timeOf(columns.start, row),
      endUnixNano: timeOf(columns.end, row),
      attributes: this.attributesOf(columns.attrs, startOf(columns.attrEnd, row), columns.attrEnd[row] ?? 0),
      droppedAttributesCount: dropped[0] ?? 0,
      events: range(startOf(columns.eventEnd, row), columns.eventEnd[row] ?? 0, (event) => this.event(event)),
      droppedEventsCount: dropped[1] ?? 0,
      links: range(startOf(columns.linkEnd, row), columns.linkEnd[row] ?? 0, (link) => this.link(link)),
      droppedLinksCount: dropped[2] ?? 0,
      statusCode: ((columns.kindStatus[row] ?? 0) >> 4) as StatusCode,
      statusMessage: this.text(columns.message[row] ?? 0),
      resource,
      scope,
    };
  }

  originOf(origin: number): { resource: ResourceRecord; scope: ScopeRecord } {
    const known = this.index.origins.get(origin);
    if (known !== undefined) return known;
    const { columns } = this;
    const [resourceSet = 0, resourceSchema = 0, scopeSet = 0, scopeSchema = 0] = columns.originWords.subarray(
      origin * 4,
      origin * 4 + 4,
    );
    const [resourceDropped = 0, ...resourcePairs] = this.wordsOf(resourceSet);
    const [scopeDropped = 0, name = 0, version = 0, ...scopePairs] = this.wordsOf(scopeSet);
    const made = {
      resource: {
        attributes: resourcePairs.map((pair) => this.attribute(pair)),
        droppedAttributesCount: resourceDropped >>> 0,
        schemaUrl: this.text(resourceSchema),
      },
      scope: {
        name: this.text(name),
        version: this.text(version),
        attributes: scopePairs.map((pair) => this.attribute(pair)),
        droppedAttributesCount: scopeDropped >>> 0,
        schemaUrl: this.text(scopeSchema),
      },
    };
    this.index.origins.set(origin, made);
    return made;
  }

  /** The words of a resource or scope. */
  wordsOf(set: number): Int32Array {
    return this.columns.setWords.subarray(startOf(this.columns.setEnd, set), this.columns.setEnd[set] ?? 0);
  }

  key(column: number): string {
    const { keyBytes, columnKeyEnd } = this.columns;
    return keyBytes.toString("utf8", startOf(columnKeyEnd, column), columnKeyEnd[column] ?? 0);
  }

  text(pair: number): string {
    if (pair === 0) return "";
    const { valueBytes, pairEnd } = this.columns;
    return valueBytes.toString("utf8", startOf(pairEnd, pair) + 1, pairEnd[pair] ?? 0);
  }

  /** What searches compare of an attribute's value. */
  valueText(pair: number): string {
    const { valueBytes, pairEnd } = this.columns;
    return valueText(valueBytes, startOf(pairEnd, pair), pairEnd[pair] ?? 0);
  }

  private traceOf(id: Uint32Array): number {
    const { traceSlots, traceIds } = this.columns;
    const mask = traceSlots.length - 1;
    const [a = 0, b = 0, c = 0, d = 0] = id;
    for (let at = hashTraceId(a, b, c, d) & mask; ; at = (at + 1) & mask) {
      const entry = (traceSlots[at] ?? 0) - 1;
      if (entry === -1) return -1;
      const from = entry * 4;
      if (
        traceIds[from] === a &&
        traceIds[from + 1] === b &&
        traceIds[from + 2] === c &&
        traceIds[from + 3] === d
      ) {
        return entry;
      }
    }
  }

  private attribute(pair: number): KeyValue {
    const known = this.index.attributes.get(pair);
    if (known !== undefined) return known;
    const { valueBytes, pairEnd, pairColumn } = this.columns;
    const made = {
      key: this.key(pairColumn[pair] ?? 0),
      value: readValue(valueBytes, startOf(pairEnd, pair), pairEnd[pair] ?? 0),
    };
    this.index.attributes.set(pair, made);
    return made;
  }

  private attributesOf(pairs: Int32Array, from: number, to: number): KeyValue[] {
    return range(from, to, (at) => this.attribute(pairs[at] ?? 0));
  }

  private droppedOf(pair: number): Uint32Array {
    if (pair === 0) return new Uint32Array(3);
    const { valueBytes, pairEnd } = this.columns;
    const from = startOf(pairEnd, pair) + 1;
    return new Uint32Array(new Uint8Array(valueBytes.subarray(from, from + 12)).buffer);
  }

  private event(event: number): EventRecord {
    const { columns } = this;
    return {
      timeUnixNano: timeOf(columns.eventTime, event),
      name: this.text(columns.eventName[event] ?? 0),
      attributes: this.attributesOf(
        columns.eventAttrs,
        startOf(columns.eventAttrEnd, event),
        columns.eventAttrEnd[event] ?? 0,
      ),
      droppedAttributesCount: columns.eventDropped[event] ?? 0,
    };
  }

  private link(link: number): LinkRecord {
    const { columns } = this;
    return {
      traceId: hexOf(columns.linkTrace, link * 4, 4),
      spanId: hexOf(columns.linkSpan, link * 2, 2),
      traceState: this.text(columns.linkState[link] ?? 0),
      attributes: this.attributesOf(
        columns.linkAttrs,
        startOf(columns.linkAttrEnd, link),
        columns.linkAttrEnd[link] ?? 0,
      ),
      droppedAttributesCount: columns.linkDropped[link] ?? 0,
      flags: columns.linkFlags[link] ?? 0,
    };
  }
}

/** Lowercase hex of words that were read from bytes. */
function hexOf(words: Uint32Array, from: number, length: number): string {
  return Buffer.from(new Uint32Array(words.subarray(from, from + length)).buffer).toString("hex");
}

function parentOf(words: Uint32Array, from: number): string {
  return words[from] === 0 && words[from + 1] === 0 ? "" : hexOf(words, from, 2);
}

function range<T>(from: number, to: number, make: (at: number) => T): T[] {
  const made: T[] = [];
  for (let at = from; at < to; at++) made.push(make(at));
  return made;
}
