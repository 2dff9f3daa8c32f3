import type { StructureColumns, TraceHead } from "@throughline/api/trace-columns";
import { kindNames, statusNames } from "./names.ts";
import type { Analysis } from "./worker/analysis.ts";
import { spanIdAt, startOf } from "./worker/columns.ts";
import type { ClockSkew } from "./worker/clock-skew.ts";
import type { OpenedTrace } from "./worker/messages.ts";
import type { TimeRange } from "./ticks.ts";

const error = 2;

/** A trace for those who draw it: spans are numbers, parent before child, siblings by start. */
export class TraceData {
  readonly reading: number;
  readonly head: TraceHead;
  readonly columns: StructureColumns;
  readonly analysis: Analysis;
  readonly skews: readonly ClockSkew[];
  readonly shifts: readonly number[];
  readonly count: number;
  private ids: BigUint64Array | undefined;

  /** `analysis`: with clocks shifted by `shifts`. */
  constructor(
    { reading, head, structure, skews, ...opened }: OpenedTrace,
    shifts: readonly number[] = [],
    analysis = opened.analysis,
  ) {
    this.reading = reading;
    this.head = head;
    this.columns = structure;
    this.analysis = analysis;
    this.skews = skews;
    this.shifts = shifts;
    this.count = structure.starts.length;
  }

  get totalNs(): number {
    return this.analysis.totalNs;
  }

  name(at: number): string {
    return this.head.names[this.columns.names[at] ?? 0] ?? "";
  }

  service(at: number): string {
    return this.head.services[this.columns.services[at] ?? 0] ?? "";
  }

  kind(at: number): (typeof kindNames)[number] {
    return kindNames[(this.columns.kindStatus[at] ?? 0) & 15] ?? "unspecified";
  }

  status(at: number): (typeof statusNames)[number] {
    return statusNames[(this.columns.kindStatus[at] ?? 0) >> 4] ?? "unset";
  }

  hasFailed(at: number): boolean {
    return (this.columns.kindStatus[at] ?? 0) >> 4 === error;
  }

  start(at: number): number {
    return this.analysis.starts[at] ?? 0;
  }

  duration(at: number): number {
    return this.columns.durations[at] ?? 0;
  }

  self(at: number): number {
    return this.analysis.selfTimes[at] ?? 0;
  }

  depth(at: number): number {
    return this.columns.depths[at] ?? 0;
  }

  /** -1 for a root. */
  parent(at: number): number {
    return this.columns.parents[at] ?? -1;
  }

  /** Index behind the last descendant. */
  end(at: number): number {
    return this.analysis.ends[at] ?? at + 1;
  }

  descendants(at: number): number {
    return this.end(at) - at - 1;
  }

  isParentMissing(at: number): boolean {
    return ((this.columns.flags[at] ?? 0) & 1) !== 0;
  }

  endsBeforeStart(at: number): boolean {
    return ((this.columns.flags[at] ?? 0) & 2) !== 0;
  }

  /** The time that its job waited in a queue before it. */
  wait(at: number): TimeRange | undefined {
    const from = this.analysis.waitFrom[at] ?? Number.NaN;
    return Number.isNaN(from) ? undefined : { fromNs: from, toNs: this.start(at) };
  }

  /** From 1 where it was tried more than once, else 0. */
  attempt(at: number): number {
    return this.analysis.attempts[at] ?? 0;
  }

  /** The trace's end waited for it. */
  isCritical(at: number): boolean {
    const { criticalEnds } = this.analysis;
    return (criticalEnds[at] ?? 0) > startOf(criticalEnds, at);
  }

  hasLinks(at: number): boolean {
    return (this.columns.linkEnds[at] ?? 0) > startOf(this.columns.linkEnds, at);
  }

  /** How much its clock was shifted: events move with it. */
  shift(at: number): number {
    return this.start(at) - (this.columns.starts[at] ?? 0);
  }

  spanId(at: number): string {
    return spanIdAt(this.columns.spanIds, at);
  }

  /** -1 where there is none. */
  indexOf(spanId: string | undefined): number {
    if (spanId === undefined || !/^[0-9a-f]{1,16}$/i.test(spanId)) return -1;
    const { buffer, byteOffset } = this.columns.spanIds;
    this.ids ??= new BigUint64Array(buffer, byteOffset, this.count);
    const wanted = new DataView(new ArrayBuffer(8));
    wanted.setBigUint64(0, BigInt(`0x${spanId}`));
    return this.ids.indexOf(wanted.getBigUint64(0, true));
  }

  /** Spans above one, nearest first. */
  *ancestors(at: number): Generator<number> {
    for (let above = this.parent(at); above >= 0; above = this.parent(above)) yield above;
  }

  /** The next failed span behind (`step` 1) or before (-1) one, around the ends; -1 where nothing failed. */
  nextError(at: number, step: 1 | -1): number {
    for (let moved = 1; moved <= this.count; moved++) {
      const next = (((at + moved * step) % this.count) + this.count) % this.count;
      if (this.hasFailed(next)) return next;
    }
    return -1;
  }
}
