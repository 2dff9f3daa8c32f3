import { GrowingNumbers, Numbering } from "../growing.ts";
import type { KeyValue, ResourceRecord, ScopeRecord } from "../model.ts";
import { readValue } from "../store/head/value-bytes.ts";

/** Where a span comes from; one object for all spans that have the same in a segment. */
export interface SpanOrigin {
  resource: ResourceRecord;
  scope: ScopeRecord;
}

/**
 * One trace as the segments of a store hold it, gathered column by column: no object is made of a span. Rows stand in the order in which
 * they were gathered; `order.ts` finds the one in which they are shown. Ids and times are pairs of words, as a head has them: the 8 bytes of
 * an id as they are, of a time the low half first.
 */
export class TraceTable {
  readonly traceId: string;
  /** Gathered so far. */
  rows = 0;
  readonly spanIds: Uint32Array<ArrayBuffer>;
  /** Zeros for none. */
  readonly parentIds: Uint32Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** OTLP's kind + 16 x OTLP's status. */
  readonly kindStatus: Uint8Array<ArrayBuffer>;
  /** Numbers of `texts`. */
  readonly names: Uint32Array<ArrayBuffer>;
  readonly messages: Uint32Array<ArrayBuffer>;
  /** Numbers of `origins`. */
  readonly rowOrigins: Uint32Array<ArrayBuffer>;
  readonly attributes: AttributeLists;
  /** Where a row's events end. */
  readonly eventEnds: Uint32Array<ArrayBuffer>;
  readonly eventTimes = new GrowingNumbers();
  readonly eventNames = new GrowingNumbers();
  readonly eventAttributes = new AttributeLists();
  readonly linkEnds: Uint32Array<ArrayBuffer>;
  /** Six words each: the 16 bytes of the trace's id, the 8 of the span's. */
  readonly linkIds = new GrowingNumbers();
  readonly linkAttributes = new AttributeLists();
  readonly texts = new Numbering<string>();
  readonly origins = new Numbering<SpanOrigin>();
  readonly dictionary = new AttributeDictionary();

  /** Keys of the spans' own attributes that are gathered; undefined: all. */
  private readonly keys: ReadonlySet<string> | undefined;

  /** `capacity`: how many rows will be gathered; `keys`: of which attributes of spans, where not of all. */
  constructor(traceId: string, capacity: number, keys?: ReadonlySet<string>) {
    this.traceId = traceId;
    this.keys = keys;
    this.spanIds = new Uint32Array(capacity * 2);
    this.parentIds = new Uint32Array(capacity * 2);
    this.starts = new Uint32Array(capacity * 2);
    this.ends = new Uint32Array(capacity * 2);
    this.kindStatus = new Uint8Array(capacity);
    this.names = new Uint32Array(capacity);
    this.messages = new Uint32Array(capacity);
    this.rowOrigins = new Uint32Array(capacity);
    this.attributes = new AttributeLists(capacity, keys === undefined ? capacity * 8 : 0);
    this.eventEnds = new Uint32Array(capacity);
    this.linkEnds = new Uint32Array(capacity);
  }

  get wantsAll(): boolean {
    return this.keys === undefined;
  }

  /** Whether spans' attributes of this key are gathered. */
  wants(key: string): boolean {
    return this.keys?.has(key) !== false;
  }
}

/** Lists of attributes one behind the other, by their numbers in the dictionary. */
export class AttributeLists {
  /** Where each list ends. */
  readonly ends: GrowingNumbers;
  readonly numbers: GrowingNumbers;

  constructor(lists = 0, numbers = 0) {
    this.ends = new GrowingNumbers(lists);
    this.numbers = new GrowingNumbers(numbers);
  }

  startOf(list: number): number {
    return list === 0 ? 0 : this.ends.get(list - 1);
  }

  /** A list of others. */
  addOf(others: AttributeLists, list: number): void {
    const end = others.ends.get(list);
    for (let at = others.startOf(list); at < end; at++) this.numbers.push(others.numbers.get(at));
    this.end();
  }

  /** What was pushed to `numbers` since the last time is a list. */
  end(): void {
    this.ends.push(this.numbers.length);
  }
}

/** Attributes by number: a key, and where its value lies as the store keeps it (`store/head/value-bytes.ts`). */
export class AttributeDictionary {
  length = 0;
  readonly keys = new Numbering<string>();
  private readonly keyNumbers = new GrowingNumbers();
  private readonly starts = new GrowingNumbers();
  private readonly ends = new GrowingNumbers();
  private readonly buffers = new Numbering<Buffer>();
  private readonly bufferNumbers = new GrowingNumbers();

  /** `key`: its number in `keys`. The bytes must stay as they are. */
  add(key: number, bytes: Buffer, start: number, end: number): number {
    this.keyNumbers.push(key);
    this.starts.push(start);
    this.ends.push(end);
    this.bufferNumbers.push(this.buffers.of(bytes));
    return this.length++;
  }

  key(number: number): number {
    return this.keyNumbers.get(number);
  }

  attribute(number: number): KeyValue {
    const key = this.keys.values[this.key(number)] ?? "";
    return { key, value: readValue(this.bytes(number), this.start(number), this.end(number)) };
  }

  /** What its value lies in, from `start` to `end`. */
  bytes(number: number): Buffer {
    const bytes = this.buffers.values[this.bufferNumbers.get(number)];
    if (bytes === undefined) throw new RangeError("no such attribute");
    return bytes;
  }

  start(number: number): number {
    return this.starts.get(number);
  }

  end(number: number): number {
    return this.ends.get(number);
  }
}
