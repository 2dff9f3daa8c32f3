import type { AttributePlace, SpanField, ValueTest } from "../../query/condition.ts";
import type { SpanRecord } from "../../model.ts";
import type { TraceTable } from "../../trace-columns/table.ts";
import type { Rollup } from "../block/rollup.ts";

/** Some stored spans, in pages: a sealed block, or the head as far as it was committed when the query began. */
export interface Segment {
  readonly pages: readonly PageBounds[];
  page(number: number): SegmentPage;
  /** What is asked of one attribute or field, prepared for this segment; undefined when no span of it can meet that. */
  attribute(key: string, place: AttributePlace | undefined, test: ValueTest): Marker | undefined;
  field(field: SpanField, test: ValueTest): Marker | undefined;
  /** A trace's rows; undefined where the segment has none. */
  trace(id: TraceKey): TraceRows | undefined;
  /** Ids of the traces that one of their spans here says to be slow. */
  slowTraces(): string[];
  /** Every service, operation and kind that a span here has. */
  operations(): Iterable<{ service: string; operation: string; kind: number }>;
  rollup(): Rollup;
  /** Keys of attributes and how many spans have each, where that is known without reading pages; undefined where it is not. */
  keys(): Map<string, number | undefined>;
  /** Of those keys that pages had to be read for: where a segment stays as it is, what was counted is remembered here. */
  readonly countedKeys?: Map<string, number>;
  /** Calls `visit` with each row of a page that has `key`, and the value's text; a row comes again for another value. */
  values(key: string, page: number, visit: (row: number, text: string) => void): void;
  /** How many spans have each value of `key`, where that is known without reading pages. */
  valueCounts(key: string): Map<string, number> | undefined;
  /**
   * Rows of a page of which a newer copy is in this segment: they count no more. `counts`: whether that copy does, which of a segment that
   * is seen in part only some do.
   */
  outdated(page: number, counts?: (page: number, row: number) => boolean): ReadonlySet<number>;
  /** Spans of rows as `trace` gives them. */
  spans(rows: Pick<TraceRows, "pages">): SpanRecord[];
  /** The same as columns, onto those that other segments have gathered. */
  gather(rows: Pick<TraceRows, "pages">, into: TraceTable): void;
  /** Whose the spans are. */
  readonly tenants: SegmentTenants;
  /** What every condition is held against beside its own; undefined where all rows may be seen. */
  readonly mask?: Marker;
}

/** Whose sender's a span is. */
export const sentBy = { unbound: 0, tenant: 1, another: 2 } as const;

/** Rows of a page that are meant: 1 for each; undefined where none is. */
export type RowsOfPage = (page: number) => Uint8Array | undefined;

/** What a segment knows of tenants, for `tenant-segment.ts`. */
export interface SegmentTenants {
  /** The same for what is the same store of spans, though more may have come in. */
  readonly identity: object;
  /**
   * Calls `visit` with each trace of which a span of an unbound sender names a tenant (undefined: several), as far as that came in after
   * `from`: what was returned the last time. A trace may come more than once.
   */
  labels(from: number, visit: (trace: number, tenant: string | undefined) => void): number;
  /** The id of a trace of the segment, as `TraceKey` has it. */
  traceWords(trace: number, into: Uint32Array): void;
  /** Sets each row of a page to one of `sentBy`. */
  markSenders(tenant: string, page: number, rows: Uint8Array): void;
  /** 1 for each page that may have a row that the tenant's tokens sent, or one of such a trace. */
  pages(tenant: string, isOf: (trace: number) => boolean): Uint8Array;
  /** As those of `Segment`, of some rows. `name`: the same for the same rows. */
  operations(rows: RowsOfPage): Iterable<{ service: string; operation: string; kind: number }>;
  rollup(rows: RowsOfPage, name: string): Rollup;
}

export interface PageBounds {
  rows: number;
  firstStart: bigint;
  lastStart: bigint;
  longest: bigint;
}

export interface SegmentPage {
  readonly rows: number;
  /** Nanoseconds since the epoch, and duration (0 for a span that ends before it begins): low and high halves by turns. */
  readonly starts: Uint32Array;
  readonly durations: Uint32Array;
  /** A number for the row's trace within the segment, and the id that it stands for. */
  traceOf(row: number): number;
  traceId(trace: number): string;
  /** What copies of a span have in common: its id, kind, start and the tenant of its sender. */
  spanKey(row: number): string;
}

/** Finds the rows of a page that meet one thing. */
export interface Marker {
  mayMatch(page: number): boolean;
  /** A closer look, where one costs less than `mark`: false where no row does. */
  mayMark?(page: number): boolean;
  /** Sets `rows[row] = 1` for each that does and leaves the others as they are. */
  mark(page: number, rows: Uint8Array): void;
}

export interface TraceKey {
  /** 32 hex digits. */
  hex: string;
  bytes: Buffer;
  words: Uint32Array;
}

/** Rows by page. */
export interface TraceRows {
  pages: { page: number; rows: readonly number[] }[];
  /** First start, last end, whether a span failed, whether one says that its trace is slow. */
  firstStart: bigint;
  lastEnd: bigint;
  hasError: boolean;
  isSlow: boolean;
}

export function traceKey(hex: string): TraceKey {
  const bytes = Buffer.from(hex, "hex");
  const words = new Uint32Array(4);
  for (let word = 0; word < 4; word++) words[word] = bytes.readUInt32LE(word * 4);
  return { hex, bytes, words };
}
