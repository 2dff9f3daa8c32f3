import { serviceName } from "../../model.ts";
import { durationOf } from "../head/entries.ts";
import type { HeadReader } from "../head/head-reader.ts";
import type { BlockOrder } from "./order.ts";
import { PeerNames } from "./peers.ts";
import { bucketOf, type Durations, type Edge, minuteOf, type Rollup, type Series } from "./rollup.ts";

/** A call that is still being counted. */
interface CountedEdge extends Omit<Edge, keyof Durations> {
  spans: Map<number, number>;
}

interface Group {
  service: string;
  operation: string;
  kindStatus: number;
  minute: number;
  series: number;
  byMinute: Map<number, number>;
}

/**
 * The rollup of some rows of a head. `parentRow`: where in `rows` each row's parent stands, -1 where it does not. A call is counted by the
 * called span below a span of another service; where none is here, by what the calling span says of its peer.
 */
export function makeRollup(reader: HeadReader, { rows }: BlockOrder, parentRow: Int32Array): Rollup {
  const { columns } = reader;
  const services = serviceNumbers(reader);
  const groups = new Map<number, Group>();
  const spans: number[] = [];
  const sums: number[] = [];
  const made: { group: Group; minute: number }[] = [];
  // Series and bucket of each span as one number: sorted, they are counted.
  const hits = new Float64Array(rows.length);
  const edges = new Map<string, CountedEdge>();
  const call = (minute: number, parent: string, child: string, failed: boolean, bucket: number): void => {
    const name = `${minute} ${parent.length} ${parent}${child}`;
    let edge = edges.get(name);
    if (edge === undefined)
      edges.set(name, (edge = { minute, parent, child, calls: 0, failed: 0, spans: new Map() }));
    edge.calls++;
    edge.spans.set(bucket, (edge.spans.get(bucket) ?? 0) + 1);
    if (failed) edge.failed++;
  };
  /** 1: the other side of the call is here. */
  const isAnswered = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    const kindStatus = columns.kindStatus[row] ?? 0;
    const service = services.ofOrigin[columns.origin[row] ?? 0] ?? 0;
    const key = ((columns.name[row] ?? 0) * 2 ** 21 + service) * 256 + kindStatus;
    let group = groups.get(key);
    if (group === undefined) {
      const operation = reader.text(columns.name[row] ?? 0);
      group = {
        service: services.names[service] ?? "",
        operation,
        kindStatus,
        minute: -1,
        series: -1,
        byMinute: new Map(),
      };
      groups.set(key, group);
    }
    const minute = minuteOf(columns.start[row * 2] ?? 0, columns.start[row * 2 + 1] ?? 0);
    if (group.minute !== minute) {
      group.minute = minute;
      group.series = group.byMinute.get(minute) ?? -1;
      if (group.series === -1) {
        group.series = made.push({ group, minute }) - 1;
        group.byMinute.set(minute, group.series);
        spans.push(0);
        sums.push(0);
      }
    }
    const [low, high] = durationOf(columns.start, columns.end, row);
    spans[group.series] = (spans[group.series] ?? 0) + 1;
    sums[group.series] = (sums[group.series] ?? 0) + high * 0x1_0000_0000 + low;
    const bucket = bucketOf(low, high);
    hits[at] = group.series * 1_024 + bucket;
    const parent = parentRow[at] ?? -1;
    if (parent === -1) return;
    const parentService = services.ofOrigin[columns.origin[rows[parent] ?? 0] ?? 0] ?? 0;
    if (parentService === service) return;
    isAnswered[parent] = 1;
    isAnswered[at] = 1;
    call(minute, services.names[parentService] ?? "", group.service, kindStatus >> 4 === 2, bucket);
  });
  const peers = new PeerNames(reader);
  rows.forEach((row, at) => {
    const kindStatus = columns.kindStatus[row] ?? 0;
    const kind = kindStatus & 15;
    if (kind < 3 || isAnswered[at] === 1) return;
    const peer = peers.of(row, kind);
    const service = services.names[services.ofOrigin[columns.origin[row] ?? 0] ?? 0] ?? "";
    if (peer === undefined || peer === service) return;
    const minute = minuteOf(columns.start[row * 2] ?? 0, columns.start[row * 2 + 1] ?? 0);
    const [parent, child] = kind === 5 ? [peer, service] : [service, peer];
    const [low, high] = durationOf(columns.start, columns.end, row);
    call(minute, parent, child, kindStatus >> 4 === 2, bucketOf(low, high));
  });
  hits.sort();
  const histograms = countRuns(hits, made.length);
  const series = made.map(({ group, minute }, at): Series => {
    const { service, operation, kindStatus } = group;
    const { buckets, counts } = histograms[at] ?? { buckets: new Int32Array(0), counts: new Int32Array(0) };
    return {
      minute,
      service,
      operation,
      kind: kindStatus & 15,
      statusCode: kindStatus >> 4,
      spans: spans[at] ?? 0,
      durationSumNs: sums[at] ?? 0,
      buckets,
      counts,
    };
  });
  return { series, edges: Array.from(edges.values(), asEdge) };
}

function asEdge({ spans, ...head }: CountedEdge): Edge {
  const sorted = [...spans].sort(([a], [b]) => a - b);
  return {
    ...head,
    buckets: Int32Array.from(sorted, ([bucket]) => bucket),
    counts: Int32Array.from(sorted, ([, count]) => count),
  };
}

/** Services by number, and the one of each origin. */
function serviceNumbers(reader: HeadReader): { names: string[]; ofOrigin: Int32Array } {
  const numbers = new Map<string, number>();
  const ofOrigin = new Int32Array(reader.counts.origins);
  for (let origin = 0; origin < reader.counts.origins; origin++) {
    const name = serviceName(reader.originOf(origin).resource);
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    ofOrigin[origin] = known;
  }
  return { names: [...numbers.keys()], ofOrigin };
}

function countRuns(hits: Float64Array, series: number): Durations[] {
  const all: Durations[] = [];
  let at = 0;
  for (let number = 0; number < series; number++) {
    const buckets: number[] = [];
    const counts: number[] = [];
    while (at < hits.length && Math.floor((hits[at] ?? 0) / 1_024) === number) {
      const bucket = (hits[at] ?? 0) % 1_024;
      let count = 0;
      for (const hit = hits[at]; hits[at] === hit && at < hits.length; at++) count++;
      buckets.push(bucket);
      counts.push(count);
    }
    all.push({ buckets: Int32Array.from(buckets), counts: Int32Array.from(counts) });
  }
  return all;
}
