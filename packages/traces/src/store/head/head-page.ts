import type { SegmentPage } from "../search/segment.ts";
import { durationOf } from "./entries.ts";
import type { HeadReader } from "./head-reader.ts";

export class HeadPage implements SegmentPage {
  readonly rows: number;
  readonly starts: Uint32Array;
  private readonly reader: HeadReader;
  private readonly from: number;

  constructor(reader: HeadReader, from: number, rows: number) {
    this.reader = reader;
    this.from = from;
    this.rows = rows;
    this.starts = reader.columns.start.subarray(from * 2, (from + rows) * 2);
  }

  get durations(): Uint32Array {
    const { start, end } = this.reader.columns;
    const durations = new Uint32Array(this.rows * 2);
    for (let row = 0; row < this.rows; row++)
      [durations[row * 2], durations[row * 2 + 1]] = durationOf(start, end, this.from + row);
    return durations;
  }

  traceOf(row: number): number {
    return this.reader.columns.trace[this.from + row] ?? 0;
  }

  traceId(trace: number): string {
    return this.reader.traceId(trace);
  }

  spanKey(row: number): string {
    return this.reader.spanKey(this.from + row);
  }
}
