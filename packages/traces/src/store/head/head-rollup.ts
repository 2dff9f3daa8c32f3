import { serviceName } from "../../model.ts";
import { durationOf } from "./entries.ts";
import { bucketOf, type Edge, minuteOf, type Rollup, type Series } from "../block/rollup.ts";
import type { HeadReader } from "./head-reader.ts";
import { headRollup } from "./head-values.ts";
import { HeadCopies } from "./head-copies.ts";
import type { HeadColumns } from "./layout.ts";

/** A series that is still being counted. */
interface Counted {
  /** Its place among the series. */
  at: number;
  of: Pick<Series, "minute" | "service" | "operation" | "kind" | "statusCode">;
  spans: number;
  durationSumNs: number;
  buckets: Map<number, number>;
}

/**
 * The rollup of a growing head: each row is counted once, when it is first asked for. Where a trace has an id twice (a span that was sent
 * again, or two kinds under one id), the whole head is counted anew each time, as a block is; so are calls between services, which spans
 * that come later change.
 */
export class HeadRollup {
  private readonly columns: HeadColumns;
  private readonly copies: HeadCopies;
  private rows = 0;
  private readonly counted: Counted[] = [];
  private readonly byKey = new Map<number, Map<number, Counted>>();
  private readonly changed = new Set<Counted>();
  private series: Series[] = [];
  /** By origin: the number of its service. */
  private readonly serviceOf: number[] = [];
  private readonly services: string[] = [];
  private whole: { rows: number; rollup: Rollup } | undefined;

  constructor(columns: HeadColumns, copies = new HeadCopies(columns)) {
    this.columns = columns;
    this.copies = copies;
  }

  /** Of the rows that `reader` reads, or of more that were asked for before. */
  upTo(reader: HeadReader): Rollup {
    if (this.copies.hasIdTwice(reader)) return this.anew(reader);
    for (; this.rows < reader.counts.rows; this.rows++)
      this.count(this.rows, this.service(this.rows, reader), reader);
    if (this.changed.size > 0) {
      // What was given away before stays as it was.
      this.series = this.series.slice();
      for (const one of this.changed) this.series[one.at] = asSeries(one);
      this.changed.clear();
    }
    const edges = (): Edge[] => this.anew(reader).edges;
    return {
      series: this.series,
      get edges() {
        return edges();
      },
    };
  }

  private anew(reader: HeadReader): Rollup {
    const { rows } = reader.counts;
    if (this.whole?.rows !== rows) this.whole = { rows, rollup: headRollup(reader) };
    return this.whole.rollup;
  }

  private count(row: number, service: number, reader: HeadReader): void {
    const { start, end, kindStatus, name } = this.columns;
    const kind = kindStatus[row] ?? 0;
    const key = ((name[row] ?? 0) * 2 ** 21 + service) * 256 + kind;
    const minute = minuteOf(start[row * 2] ?? 0, start[row * 2 + 1] ?? 0);
    let byMinute = this.byKey.get(key);
    if (byMinute === undefined) this.byKey.set(key, (byMinute = new Map<number, Counted>()));
    let one = byMinute.get(minute);
    if (one === undefined) {
      const operation = reader.text(name[row] ?? 0);
      const of = {
        minute,
        service: this.services[service] ?? "",
        operation,
        kind: kind & 15,
        statusCode: kind >> 4,
      };
      one = { at: this.counted.length, of, spans: 0, durationSumNs: 0, buckets: new Map() };
      this.counted.push(one);
      byMinute.set(minute, one);
    }
    const [low, high] = durationOf(start, end, row);
    const bucket = bucketOf(low, high);
    one.spans++;
    one.durationSumNs += high * 0x1_0000_0000 + low;
    one.buckets.set(bucket, (one.buckets.get(bucket) ?? 0) + 1);
    this.changed.add(one);
  }

  private service(row: number, reader: HeadReader): number {
    const origin = this.columns.origin[row] ?? 0;
    const known = this.serviceOf[origin];
    if (known !== undefined) return known;
    const name = serviceName(reader.originOf(origin).resource);
    const at = this.services.indexOf(name);
    return (this.serviceOf[origin] = at === -1 ? this.services.push(name) - 1 : at);
  }
}

function asSeries({ of, spans, durationSumNs, buckets }: Counted): Series {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  return {
    ...of,
    spans,
    durationSumNs,
    buckets: Int32Array.from(sorted, ([bucket]) => bucket),
    counts: Int32Array.from(sorted, ([, count]) => count),
  };
}
