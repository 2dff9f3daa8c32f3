import type { ValueCleaner } from "../../ingest-redaction.ts";
import { hashTraceId } from "../hash.ts";
import { Dictionary, HeadFullError, type Tables } from "./dictionary.ts";
import {
  allocateHead,
  type Counts,
  type HeadBuffers,
  HeadColumns,
  type HeadSize,
  noCounts,
} from "./layout.ts";

/**
 * The writing side of a head. Rows are appended, then either published or taken back; what the dictionary learned meanwhile stays.
 * `decode/otlp-columns.ts` fills it.
 */
export class Head {
  readonly size: HeadSize;
  readonly columns: HeadColumns;
  /** Everything written, published or not. */
  readonly counts: Counts = noCounts();
  readonly dictionary: Dictionary;
  private readonly origins = new Map<string, number>();
  private readonly sets = new Map<string, number>();

  /** `buffers` of a head that was filled before (with its counts), or of one that is used again; `tables` of a head that gets no more. */
  constructor(
    size: HeadSize,
    cleaner: ValueCleaner,
    seed: number,
    from: { buffers?: HeadBuffers; counts?: Counts; tables?: Tables } = {},
  ) {
    this.size = size;
    this.columns = new HeadColumns(from.buffers ?? allocateHead(size));
    this.columns.traceSlots.fill(0);
    if (from.counts !== undefined) Object.assign(this.counts, from.counts);
    this.dictionary = new Dictionary(this.columns, this.counts, cleaner, seed, from.tables);
    if (from.counts !== undefined) this.restore();
    this.columns.publish(this.counts);
  }

  /** The number of a trace id: four words, as `Uint32Array` reads its bytes. */
  traceOf(a: number, b: number, c: number, d: number): number {
    const { traceIds, traceSlots, traceLast } = this.columns;
    const mask = traceSlots.length - 1;
    let at = hashTraceId(a, b, c, d) & mask;
    for (; ; at = (at + 1) & mask) {
      const entry = traceSlots[at] ?? 0;
      if (entry === 0) break;
      const from = (entry - 1) * 4;
      if (
        traceIds[from] === a &&
        traceIds[from + 1] === b &&
        traceIds[from + 2] === c &&
        traceIds[from + 3] === d
      ) {
        return entry - 1;
      }
    }
    const trace = this.counts.traces;
    if (trace >= this.size.rows) throw new HeadFullError();
    this.counts.traces++;
    traceIds.set([a, b, c, d], trace * 4);
    traceLast[trace] = -1;
    traceSlots[at] = trace + 1;
    return trace;
  }

  /** Makes a row the newest of its trace. */
  link(row: number, trace: number): void {
    const { traceLast, rowBefore } = this.columns;
    this.columns.trace[row] = trace;
    rowBefore[row] = traceLast[trace] ?? -1;
    traceLast[trace] = row;
  }

  /** The number of a resource or scope: its words as `layout.ts` says. */
  setOf(words: readonly number[]): number {
    const name = words.join(",");
    const known = this.sets.get(name);
    if (known !== undefined) return known;
    const { counts, columns } = this;
    if (counts.setWords + words.length > columns.setWords.length || counts.sets >= columns.setEnd.length) {
      throw new HeadFullError();
    }
    columns.setWords.set(words, counts.setWords);
    counts.setWords += words.length;
    columns.setEnd[counts.sets] = counts.setWords;
    this.sets.set(name, counts.sets);
    return counts.sets++;
  }

  /** A resource's set with the tenant whose token sent it. */
  stamped(set: number, tenant: string): number {
    const { setWords, setEnd } = this.columns;
    const from = set === 0 ? 0 : (setEnd[set - 1] ?? 0);
    return this.setOf([...setWords.subarray(from, setEnd[set] ?? 0), this.dictionary.tenant(tenant)]);
  }

  originOf(words: readonly [number, number, number, number]): number {
    const name = words.join(",");
    const known = this.origins.get(name);
    if (known !== undefined) return known;
    const { counts, columns } = this;
    if ((counts.origins + 1) * 4 > columns.originWords.length) throw new HeadFullError();
    columns.originWords.set(words, counts.origins * 4);
    this.origins.set(name, counts.origins);
    return counts.origins++;
  }

  /** Takes rows back that were appended after `to`. */
  rollBack(to: Readonly<Counts>): void {
    const { trace, traceLast, rowBefore } = this.columns;
    for (let row = this.counts.rows - 1; row >= to.rows; row--) {
      traceLast[trace[row] ?? 0] = rowBefore[row] ?? -1;
    }
    for (const counter of ["rows", "attrs", "events", "eventAttrs", "links", "linkAttrs"] as const) {
      this.counts[counter] = to[counter];
    }
  }

  /** The tables that are not in the log. */
  private restore(): void {
    const { counts, columns } = this;
    const { traces, rows } = counts;
    counts.traces = 0;
    for (let trace = 0; trace < traces; trace++) {
      const [a, b, c, d] = columns.traceIds.subarray(trace * 4, trace * 4 + 4);
      this.traceOf(a ?? 0, b ?? 0, c ?? 0, d ?? 0);
    }
    for (let row = 0; row < rows; row++) this.link(row, columns.trace[row] ?? 0);
    let from = 0;
    for (let set = 0; set < counts.sets; set++) {
      const to = columns.setEnd[set] ?? 0;
      this.sets.set(columns.setWords.subarray(from, to).join(","), set);
      from = to;
    }
    for (let origin = 0; origin < counts.origins; origin++) {
      this.origins.set(columns.originWords.subarray(origin * 4, origin * 4 + 4).join(","), origin);
    }
  }
}
