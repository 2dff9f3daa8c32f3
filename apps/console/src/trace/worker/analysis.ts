import type { StructureColumns } from "@throughline/api/trace-columns";
import { bottleneckOf, criticalPathOf, selfTimesOf } from "@throughline/api/trace-timing";

/** What is found out about a trace's spans before they are drawn. Columns have a number for each span. */
export interface Analysis {
  /** After the earliest start, clocks shifted. */
  starts: Float64Array;
  totalNs: number;
  selfTimes: Float64Array;
  /** Index behind the last descendant. */
  ends: Int32Array;
  /** 1: some span below has failed. */
  errorBelow: Uint8Array;
  /** When a span's job began to wait in its queue; NaN where it did not. The wait ends with the span's start. */
  waitFrom: Float64Array;
  /** Which attempt a span is, counted from 1, where it was tried more than once; 0 elsewhere. */
  attempts: Uint32Array;
  /** Stretches of the critical path by span: those of `at` are `criticalEnds[at - 1]` to `criticalEnds[at]`. */
  criticalEnds: Int32Array;
  criticalFrom: Float64Array;
  criticalUntil: Float64Array;
  /** Index of the span with the largest self time; -1 where no time passed. */
  bottleneck: number;
}

const kind = { producer: 4, consumer: 5 } as const;
const error = 2;

/** No recursion: a chain a hundred thousand deep is a trace too. `shifts`: nanoseconds to add to the times of each clock. */
export function analyse(structure: StructureColumns, shifts?: ArrayLike<number>): Analysis {
  const { parents, durations } = structure;
  const { starts, totalNs, byStart } = shiftedStarts(structure, shifts);
  const selfTimes = selfTimesOf({ parents, starts, durations }, byStart);
  return {
    starts,
    totalNs,
    selfTimes,
    ...below(structure),
    waitFrom: queueWaits(structure, starts),
    attempts: attemptsOf(structure),
    ...criticalStretches({ parents, starts, durations }, totalNs),
    bottleneck: bottleneckOf(totalNs, selfTimes) ?? -1,
  };
}

function shiftedStarts(
  { starts: recorded, durations, clocks }: StructureColumns,
  shifts?: ArrayLike<number>,
) {
  const count = recorded.length;
  const starts = Float64Array.from(recorded);
  let byStart: Int32Array | undefined;
  if (shifts !== undefined) {
    for (let at = 0; at < count; at++) starts[at] = (starts[at] ?? 0) + (shifts[clocks[at] ?? 0] ?? 0);
    const first = starts.reduce((least, start) => Math.min(least, start), Number.POSITIVE_INFINITY);
    for (let at = 0; at < count; at++) starts[at] = (starts[at] ?? 0) - first;
    byStart = Int32Array.from(starts.keys()).sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b);
  }
  let totalNs = 0;
  for (let at = 0; at < count; at++) totalNs = Math.max(totalNs, (starts[at] ?? 0) + (durations[at] ?? 0));
  return { starts, totalNs, byStart };
}

function below({ parents, kindStatus }: StructureColumns): Pick<Analysis, "ends" | "errorBelow"> {
  const count = parents.length;
  const ends = new Int32Array(count);
  const errorBelow = new Uint8Array(count);
  // Descendants stand behind a span: from the last one back each has its own before its parent asks.
  for (let at = count - 1; at >= 0; at--) {
    ends[at] = Math.max(ends[at] ?? 0, at + 1);
    const parent = parents[at] ?? -1;
    if (parent < 0) continue;
    ends[parent] = Math.max(ends[parent] ?? 0, ends[at] ?? 0);
    if (errorBelow[at] === 1 || (kindStatus[at] ?? 0) >> 4 === error) errorBelow[parent] = 1;
  }
  return { ends, errorBelow };
}

/**
 * The time that a job waited: from the end of the producer span to the start of the first attempt, and from the end of each attempt to the
 * start of the next.
 */
function queueWaits(
  { parents, durations, kindStatus }: StructureColumns,
  starts: Float64Array,
): Float64Array {
  const waitFrom = new Float64Array(parents.length).fill(Number.NaN);
  const lastEnd = new Map<number, number>();
  for (let at = 0; at < parents.length; at++) {
    const parent = parents[at] ?? -1;
    if (parent < 0 || ((kindStatus[at] ?? 0) & 15) !== kind.consumer) continue;
    if (((kindStatus[parent] ?? 0) & 15) !== kind.producer) continue;
    const from = lastEnd.get(parent) ?? (starts[parent] ?? 0) + (durations[parent] ?? 0);
    if ((starts[at] ?? 0) > from) waitFrom[at] = from;
    lastEnd.set(parent, (starts[at] ?? 0) + (durations[at] ?? 0));
  }
  return waitFrom;
}

/**
 * Siblings that are one thing tried again: consumers of one message, and whatever has the service and name of a failed sibling that had ended.
 */
function attemptsOf({
  parents,
  names,
  services,
  starts,
  durations,
  kindStatus,
}: StructureColumns): Uint32Array {
  const attempts = new Uint32Array(parents.length);
  const earlier = new Map<string, number>();
  for (let at = 0; at < parents.length; at++) {
    const parent = parents[at] ?? -1;
    const isConsumer =
      ((kindStatus[at] ?? 0) & 15) === kind.consumer && ((kindStatus[parent] ?? 0) & 15) === kind.producer;
    const hasFailed = (kindStatus[at] ?? 0) >> 4 === error;
    if (parent < 0 || (!isConsumer && !hasFailed && earlier.size === 0)) continue;
    const thing = `${parent} ${services[at]} ${names[at]}`;
    const before = earlier.get(thing);
    const hasEnded =
      before !== undefined && (starts[before] ?? 0) + (durations[before] ?? 0) <= (starts[at] ?? 0);
    if (before !== undefined && (isConsumer || hasEnded)) {
      attempts[before] ||= 1;
      attempts[at] = (attempts[before] ?? 1) + 1;
    }
    if (isConsumer || hasFailed) earlier.set(thing, at);
    else earlier.delete(thing);
  }
  return attempts;
}

function criticalStretches(
  tree: Parameters<typeof criticalPathOf>[0],
  totalNs: number,
): Pick<Analysis, "criticalEnds" | "criticalFrom" | "criticalUntil"> {
  const path = criticalPathOf(tree, totalNs);
  const count = tree.parents.length;
  const criticalEnds = new Int32Array(count);
  for (const { index } of path) criticalEnds[index] = (criticalEnds[index] ?? 0) + 1;
  for (let at = 1; at < count; at++) criticalEnds[at] = (criticalEnds[at] ?? 0) + (criticalEnds[at - 1] ?? 0);
  const criticalFrom = new Float64Array(path.length);
  const criticalUntil = new Float64Array(path.length);
  const next = Int32Array.from({ length: count }, (_, at) => (at === 0 ? 0 : (criticalEnds[at - 1] ?? 0)));
  for (const { index, from, until } of path) {
    const place = next[index] ?? 0;
    next[index] = place + 1;
    criticalFrom[place] = from;
    criticalUntil[place] = until;
  }
  return { criticalEnds, criticalFrom, criticalUntil };
}
