/**
 * What a block says of its spans without being read: rates, errors and durations (RED) by minute, service, operation, kind and status, and
 * how often a service called another, and how long that took. Kept beside the spans, mergeable by adding.
 *
 * The part: varints, texts with their length first
 *   texts      count, texts
 *   series     count; for each: minute (difference to the one before), service, operation (numbers of texts), kind, status code, spans,
 *              sum of durations in ns (f64), buckets that are not empty: count; for each: number (difference), spans
 *   edges      count; for each: minute (difference), parent's service, child's service, calls, calls that failed, buckets as above
 *
 * Buckets are 1 ns wide below 32 ns and then split each doubling in 16: the middle of a bucket is within 3.2 % of any duration in it.
 */
import { type ByteReader, ByteWriter } from "./bytes.ts";

/** Durations by bucket. */
export interface Durations {
  /** Numbers of buckets, ascending, and how many spans are in each. */
  buckets: Int32Array;
  counts: Int32Array;
}

export interface Series extends Durations {
  /** Minutes since the epoch, of the spans' start. */
  minute: number;
  service: string;
  operation: string;
  kind: number;
  statusCode: number;
  spans: number;
  durationSumNs: number;
}

/** Durations are those of the called side; of the calling one where no span tells of the called. */
export interface Edge extends Durations {
  minute: number;
  parent: string;
  child: string;
  calls: number;
  failed: number;
}

export interface Rollup {
  series: Series[];
  edges: Edge[];
}

const split = 16;

/** Numbers of buckets are below it. */
export const bucketCount = 60 * split + 2 * split;

/** The bucket of a duration in ns. */
export function bucketOf(low: number, high: number): number {
  if (high === 0) {
    if (low < 2 * split) return low;
    const exponent = 31 - Math.clz32(low);
    return (exponent - 4) * split + (low >>> (exponent - 4));
  }
  const exponent = 63 - Math.clz32(high);
  const value = high * 0x1_0000_0000 + low;
  return (exponent - 4) * split + Math.min(31, Math.floor(value / 2 ** (exponent - 4)));
}

/** The smallest duration (ns) of a bucket; the next bucket's is its end. */
export function bucketStart(bucket: number): number {
  if (bucket < 2 * split) return bucket;
  const exponent = Math.floor(bucket / split) + 3;
  return (split + (bucket % split)) * 2 ** (exponent - 4);
}

/** Minutes since the epoch of a time in ns, exactly. */
export function minuteOf(low: number, high: number): number {
  const upper = high * 0x1_0000_0000;
  const rest = upper % 60e9;
  return (upper - rest) / 60e9 + Math.floor((rest + low) / 60e9);
}

export function writeRollup({ series, edges }: Rollup): ByteWriter {
  const writer = new ByteWriter();
  const texts = new Map<string, number>();
  const number = (text: string): number => {
    const known = texts.get(text) ?? texts.size;
    texts.set(text, known);
    return known;
  };
  for (const { service, operation } of series) {
    number(service);
    number(operation);
  }
  for (const { parent, child } of edges) {
    number(parent);
    number(child);
  }
  writer.varint(texts.size);
  for (const text of texts.keys()) writer.text(text);
  writer.varint(series.length);
  let minute = 0;
  for (const one of [...series].sort((a, b) => a.minute - b.minute)) {
    writer.varint(one.minute - minute);
    minute = one.minute;
    writer.varint(number(one.service));
    writer.varint(number(one.operation));
    writer.u8(one.kind);
    writer.u8(one.statusCode);
    writer.varint(one.spans);
    writer.f64(one.durationSumNs);
    writeDurations(writer, one);
  }
  writer.varint(edges.length);
  minute = 0;
  for (const edge of [...edges].sort((a, b) => a.minute - b.minute)) {
    writer.varint(edge.minute - minute);
    minute = edge.minute;
    writer.varint(number(edge.parent));
    writer.varint(number(edge.child));
    writer.varint(edge.calls);
    writer.varint(edge.failed);
    writeDurations(writer, edge);
  }
  return writer;
}

const untold: Durations = { buckets: new Int32Array(0), counts: new Int32Array(0) };

function writeDurations(writer: ByteWriter, { buckets, counts }: Durations): void {
  writer.varint(buckets.length);
  let bucket = 0;
  buckets.forEach((next, at) => {
    writer.varint(next - bucket);
    bucket = next;
    writer.varint(counts[at] ?? 0);
  });
}

function readDurations(reader: ByteReader): Durations {
  const length = reader.varint();
  const buckets = new Int32Array(length);
  const counts = new Int32Array(length);
  let bucket = 0;
  for (let at = 0; at < length; at++) {
    bucket += reader.varint();
    buckets[at] = bucket;
    counts[at] = reader.varint();
  }
  return { buckets, counts };
}

/** `version`: of the block. */
export function readRollup(reader: ByteReader, version: number): Rollup {
  const texts = list(reader, () => reader.text());
  let minute = 0;
  const text = (): string => texts[reader.varint()] ?? "";
  const series = list(reader, () => {
    minute += reader.varint();
    const head = {
      minute,
      service: text(),
      operation: text(),
      kind: reader.u8(),
      statusCode: reader.u8(),
      spans: reader.varint(),
      durationSumNs: reader.f64(),
    };
    return { ...head, ...readDurations(reader) };
  });
  minute = 0;
  const edges = list(reader, () => {
    minute += reader.varint();
    const head = { minute, parent: text(), child: text(), calls: reader.varint(), failed: reader.varint() };
    return version < 3 ? { ...head, ...untold } : { ...head, ...readDurations(reader) };
  });
  return { series, edges };
}

function list<T>(reader: ByteReader, read: () => T): T[] {
  const all: T[] = [];
  for (let left = reader.varint(); left > 0; left--) all.push(read());
  return all;
}
