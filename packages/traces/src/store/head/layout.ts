/**
 * The columns of the head: the newest spans, held in shared memory. One thread writes them, others read them up to what is committed
 * (see `control`). The write-ahead log holds the same columns, cut into records (`store/wal.ts`): the order of `sections` and the
 * meaning of each column here are part of its format. Integers are little-endian.
 *
 * dictionary
 *   columnPlace    u8       where a key stands: 0 span, 1 resource, 2 scope, 3 event, 4 link, 5 a field of the span itself
 *   columnKeyEnd   i32      where the key ends in keyBytes; it begins where the one before it ends
 *   keyBytes       u8       UTF-8
 *   pairColumn     i32      a pair is a distinct (place, key, value); this is its column
 *   pairEnd        i32      where the value ends in valueBytes (`value-bytes.ts` says how a value is written)
 *   valueBytes     u8
 *   setEnd         i32      a set is a distinct resource or scope; where it ends in setWords
 *   setWords       i32      resource: dropped attributes, pairs...   scope: dropped attributes, pair of name, pair of version, pairs...
 *   originWords    4 x i32  a distinct (resource set, pair of its schema URL, scope set, pair of its schema URL)
 *   traceIds       4 x u32  the 16 bytes of a trace id
 * rows
 *   trace          i32      number of the trace
 *   spanId         2 x u32  the 8 bytes of the id
 *   parentId       2 x u32  zero for a root
 *   start, end     2 x u32  nanoseconds since the epoch, low half first
 *   kindStatus     u8       kind + 16 * status code
 *   flags          u32
 *   name, state, message, dropped   i32  pairs of place 5, 0 where empty; dropped: three u32, of attributes, events, links
 *   origin         i32
 *   attrEnd, eventEnd, linkEnd      i32  where the row's entries end in attrs, event*, link*
 * attrs            i32      pairs
 * eventTime        2 x u32, eventName i32 (pair), eventDropped u32, eventAttrEnd i32, eventAttrs i32 (pairs)
 * linkTrace        4 x u32, linkSpan 2 x u32, linkState i32 (pair), linkFlags u32, linkDropped u32, linkAttrEnd i32, linkAttrs i32
 */

export const place = { span: 0, resource: 1, scope: 2, event: 3, link: 4, field: 5 } as const;
export type Place = (typeof place)[keyof typeof place];

/** Keys of place 5, in the order of their column numbers: every head begins with them. */
export const fieldKeys = [
  "name",
  "tracestate",
  "status.message",
  "dropped",
  "event.name",
  "link.tracestate",
  "schema_url",
  "scope.name",
  "scope.version",
] as const;
export const fieldColumn = {
  name: 0,
  state: 1,
  message: 2,
  dropped: 3,
  eventName: 4,
  linkState: 5,
  schemaUrl: 6,
  scopeName: 7,
  scopeVersion: 8,
} as const;

/** How many entries the columns of a head may hold. */
export interface HeadSize {
  rows: number;
  /** Attributes, events, links, pairs, words of sets: of each. */
  items: number;
  /** Bytes of keys and of values: of each. */
  bytes: number;
}

/** 64 pages of 2,048 rows; memory is taken as it is filled. */
export const defaultHeadSize: HeadSize = { rows: 131_072, items: 2_097_152, bytes: 48 * 1024 * 1024 };

export interface Counts {
  columns: number;
  keyBytes: number;
  pairs: number;
  valueBytes: number;
  sets: number;
  setWords: number;
  origins: number;
  traces: number;
  rows: number;
  attrs: number;
  events: number;
  eventAttrs: number;
  links: number;
  linkAttrs: number;
}

const counters = [
  "columns",
  "keyBytes",
  "pairs",
  "valueBytes",
  "sets",
  "setWords",
  "origins",
  "traces",
  "rows",
  "attrs",
  "events",
  "eventAttrs",
  "links",
  "linkAttrs",
] as const satisfies readonly (keyof Counts)[];

export function noCounts(): Counts {
  return {
    columns: 0,
    keyBytes: 0,
    pairs: 0,
    valueBytes: 0,
    sets: 0,
    setWords: 0,
    origins: 0,
    traces: 0,
    rows: 0,
    attrs: 0,
    events: 0,
    eventAttrs: 0,
    links: 0,
    linkAttrs: 0,
  };
}

/** Each logged column, in the log's order: its counter and the bytes of one entry. */
export const sections = [
  ["columnPlace", "columns", 1],
  ["columnKeyEnd", "columns", 4],
  ["keyBytes", "keyBytes", 1],
  ["pairColumn", "pairs", 4],
  ["pairEnd", "pairs", 4],
  ["valueBytes", "valueBytes", 1],
  ["setEnd", "sets", 4],
  ["setWords", "setWords", 4],
  ["originWords", "origins", 16],
  ["traceIds", "traces", 16],
  ["trace", "rows", 4],
  ["spanId", "rows", 8],
  ["parentId", "rows", 8],
  ["start", "rows", 8],
  ["end", "rows", 8],
  ["kindStatus", "rows", 1],
  ["flags", "rows", 4],
  ["name", "rows", 4],
  ["state", "rows", 4],
  ["message", "rows", 4],
  ["dropped", "rows", 4],
  ["origin", "rows", 4],
  ["attrEnd", "rows", 4],
  ["eventEnd", "rows", 4],
  ["linkEnd", "rows", 4],
  ["attrs", "attrs", 4],
  ["eventTime", "events", 8],
  ["eventName", "events", 4],
  ["eventDropped", "events", 4],
  ["eventAttrEnd", "events", 4],
  ["eventAttrs", "eventAttrs", 4],
  ["linkTrace", "links", 16],
  ["linkSpan", "links", 8],
  ["linkState", "links", 4],
  ["linkFlags", "links", 4],
  ["linkDropped", "links", 4],
  ["linkAttrEnd", "links", 4],
  ["linkAttrs", "linkAttrs", 4],
] as const satisfies readonly (readonly [string, keyof Counts, number])[];

/** Not logged, made again from the others: hash of each pair, the newest row of each trace, the row before, slots of the trace table. */
const derived = [
  ["pairHash", "pairs", 4],
  ["traceLast", "traces", 4],
  ["rowBefore", "rows", 4],
] as const;

type SectionName = (typeof sections)[number][0];
type BufferName = SectionName | (typeof derived)[number][0] | "traceSlots" | "control";
export type HeadBuffers = Record<BufferName, SharedArrayBuffer>;

export function capacity(size: HeadSize, counter: keyof Counts): number {
  if (counter === "rows" || counter === "traces") return size.rows;
  return counter === "keyBytes" || counter === "valueBytes" ? size.bytes : size.items;
}

export function allocateHead(size: HeadSize): HeadBuffers {
  const buffers: Partial<HeadBuffers> = {};
  for (const [name, counter, bytes] of [...sections, ...derived]) {
    buffers[name] = new SharedArrayBuffer(capacity(size, counter) * bytes);
  }
  // At most half full, a power of two.
  buffers.traceSlots = new SharedArrayBuffer(4 * 2 ** Math.ceil(Math.log2(size.rows * 2)));
  buffers.control = new SharedArrayBuffer(4 * counters.length);
  return buffers as HeadBuffers;
}

/** Typed views of a head's buffers. */
export class HeadColumns {
  readonly buffers: HeadBuffers;
  /** Counts of what is committed, in the order of `counters`. Written last, read first. */
  readonly control: Int32Array;
  readonly columnPlace: Uint8Array;
  readonly columnKeyEnd: Int32Array;
  readonly keyBytes: Buffer;
  readonly pairColumn: Int32Array;
  readonly pairEnd: Int32Array;
  readonly valueBytes: Buffer;
  readonly pairHash: Int32Array;
  readonly setEnd: Int32Array;
  readonly setWords: Int32Array;
  readonly originWords: Int32Array;
  readonly traceIds: Uint32Array;
  readonly traceLast: Int32Array;
  /** Number of a trace + 1, by the hash of its id; linear probing. */
  readonly traceSlots: Int32Array;
  readonly trace: Int32Array;
  readonly rowBefore: Int32Array;
  readonly spanId: Uint32Array;
  readonly parentId: Uint32Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly kindStatus: Uint8Array;
  readonly flags: Uint32Array;
  readonly name: Int32Array;
  readonly state: Int32Array;
  readonly message: Int32Array;
  readonly dropped: Int32Array;
  readonly origin: Int32Array;
  readonly attrEnd: Int32Array;
  readonly eventEnd: Int32Array;
  readonly linkEnd: Int32Array;
  readonly attrs: Int32Array;
  readonly eventTime: Uint32Array;
  readonly eventName: Int32Array;
  readonly eventDropped: Uint32Array;
  readonly eventAttrEnd: Int32Array;
  readonly eventAttrs: Int32Array;
  readonly linkTrace: Uint32Array;
  readonly linkSpan: Uint32Array;
  readonly linkState: Int32Array;
  readonly linkFlags: Uint32Array;
  readonly linkDropped: Uint32Array;
  readonly linkAttrEnd: Int32Array;
  readonly linkAttrs: Int32Array;

  constructor(buffers: HeadBuffers) {
    const i32 = (name: BufferName): Int32Array => new Int32Array(buffers[name]);
    const u32 = (name: BufferName): Uint32Array => new Uint32Array(buffers[name]);
    this.buffers = buffers;
    this.control = i32("control");
    this.columnPlace = new Uint8Array(buffers.columnPlace);
    this.columnKeyEnd = i32("columnKeyEnd");
    this.keyBytes = Buffer.from(buffers.keyBytes);
    this.pairColumn = i32("pairColumn");
    this.pairEnd = i32("pairEnd");
    this.valueBytes = Buffer.from(buffers.valueBytes);
    this.pairHash = i32("pairHash");
    this.setEnd = i32("setEnd");
    this.setWords = i32("setWords");
    this.originWords = i32("originWords");
    this.traceIds = u32("traceIds");
    this.traceLast = i32("traceLast");
    this.traceSlots = i32("traceSlots");
    this.trace = i32("trace");
    this.rowBefore = i32("rowBefore");
    this.spanId = u32("spanId");
    this.parentId = u32("parentId");
    this.start = u32("start");
    this.end = u32("end");
    this.kindStatus = new Uint8Array(buffers.kindStatus);
    this.flags = u32("flags");
    this.name = i32("name");
    this.state = i32("state");
    this.message = i32("message");
    this.dropped = i32("dropped");
    this.origin = i32("origin");
    this.attrEnd = i32("attrEnd");
    this.eventEnd = i32("eventEnd");
    this.linkEnd = i32("linkEnd");
    this.attrs = i32("attrs");
    this.eventTime = u32("eventTime");
    this.eventName = i32("eventName");
    this.eventDropped = u32("eventDropped");
    this.eventAttrEnd = i32("eventAttrEnd");
    this.eventAttrs = i32("eventAttrs");
    this.linkTrace = u32("linkTrace");
    this.linkSpan = u32("linkSpan");
    this.linkState = i32("linkState");
    this.linkFlags = u32("linkFlags");
    this.linkDropped = u32("linkDropped");
    this.linkAttrEnd = i32("linkAttrEnd");
    this.linkAttrs = i32("linkAttrs");
  }

  /** What is committed; everything below these counts stays as it is. */
  committed(): Counts {
    const counts = noCounts();
    // Rows are stored last: what they refer to is there when they are.
    for (let at = counters.length - 1; at >= 0; at--) {
      const counter = counters[at];
      if (counter !== undefined) counts[counter] = Atomics.load(this.control, at);
    }
    return counts;
  }

  publish(counts: Readonly<Counts>): void {
    counters.forEach((counter, at) => {
      if (counter !== "rows") Atomics.store(this.control, at, counts[counter]);
    });
    Atomics.store(this.control, counters.indexOf("rows"), counts.rows);
  }
}
