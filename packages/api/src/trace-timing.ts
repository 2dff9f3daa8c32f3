/** Spans as a tree, by index: parent before child, siblings by start. */
export interface TimedTree {
  /** -1 for a root. */
  readonly parents: ArrayLike<number>;
  /** Nanoseconds after the trace's start. */
  readonly starts: ArrayLike<number>;
  readonly durations: ArrayLike<number>;
}

/**
 * Duration of each span that no child covers; children count only as far as they lie within the span. Children come by start, so the union
 * of their intervals is one sweep: what each adds is its part beyond the latest end so far. `byStart`: the order of the spans, where times
 * were shifted and it is no longer that of the tree.
 */
export function selfTimesOf(
  { parents, starts, durations }: TimedTree,
  byStart?: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const selfTimes = Float64Array.from(durations);
  const coveredUntil = Float64Array.from(starts);
  for (let place = 0; place < parents.length; place++) {
    const child = byStart === undefined ? place : at(byStart, place);
    const parent = at(parents, child);
    if (parent < 0) continue;
    const parentEnd = at(starts, parent) + at(durations, parent);
    const from = Math.max(at(starts, child), at(coveredUntil, parent));
    const until = Math.min(at(starts, child) + at(durations, child), parentEnd);
    if (until <= from) continue;
    selfTimes[parent] = Math.max(0, at(selfTimes, parent) - (until - from));
    coveredUntil[parent] = until;
  }
  return selfTimes;
}

/** Index of the span with the largest self time, the first of equals; undefined where no time passed. */
export function bottleneckOf(durationNs: number, selfTimes: ArrayLike<number>): number | undefined {
  if (durationNs === 0) return undefined;
  let largest = 0;
  for (let index = 1; index < selfTimes.length; index++)
    if (at(selfTimes, index) > at(selfTimes, largest)) largest = index;
  return at(selfTimes, largest) > 0 ? largest : undefined;
}

/** A stretch of the critical path: which span kept the trace from ending, from when to when after its start. */
export interface CriticalSegment {
  index: number;
  from: number;
  until: number;
}

interface Frame {
  /** -1: the trace itself. */
  index: number;
  from: number;
  until: number;
  /** Where in `byEnd` its next child stands, and where they end. */
  at: number;
  end: number;
}

/**
 * What the trace's end waited for, by time: from the end of a span backwards, the child that ended last holds the path until it began, then
 * the one that ended last before that; what no child covers is the span's own. Children count as far as they lie within their parents; one that
 * mostly ran after its parent's end is held by the nearest span above within which it did not.
 * Without recursion: chains of thousands of spans are ordinary.
 */
export function criticalPathOf(tree: TimedTree, durationNs: number): CriticalSegment[] {
  const { starts, durations } = tree;
  const { byEnd, firstOf } = childrenByEnd(tree);
  const path: CriticalSegment[] = [];
  const add = (index: number, from: number, until: number): void => {
    if (until > from && index >= 0) path.push({ index, from, until });
  };
  const frameOf = (index: number, from: number, until: number): Frame => ({
    index,
    from,
    until,
    at: at(firstOf, index + 1),
    end: at(firstOf, index + 2),
  });
  const open: Frame[] = [frameOf(-1, 0, durationNs)];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    if (frame.at === frame.end) {
      add(frame.index, frame.from, frame.until);
      open.pop();
      continue;
    }
    const child = at(byEnd, frame.at++);
    const from = Math.max(at(starts, child), frame.from);
    const until = Math.min(at(starts, child) + at(durations, child), frame.until);
    if (until <= from) continue;
    add(frame.index, until, frame.until);
    frame.until = from;
    open.push(frameOf(child, from, until));
  }
  return path.reverse();
}

/**
 * All spans, those that one holds side by side, the last end first; those that nothing holds before all. `firstOf[holder + 1]`: where those
 * of a holder begin.
 */
function childrenByEnd(tree: TimedTree): { byEnd: Int32Array; firstOf: Int32Array } {
  const { starts, durations } = tree;
  const holders = holdersOf(tree);
  const count = holders.length;
  const firstOf = new Int32Array(count + 2);
  for (let child = 0; child < count; child++) {
    const slot = at(holders, child) + 2;
    firstOf[slot] = at(firstOf, slot) + 1;
  }
  for (let slot = 1; slot < firstOf.length; slot++) firstOf[slot] = at(firstOf, slot) + at(firstOf, slot - 1);
  const next = firstOf.slice();
  const byEnd = new Int32Array(count);
  for (let child = 0; child < count; child++) {
    const slot = at(holders, child) + 1;
    const place = at(next, slot);
    byEnd[place] = child;
    next[slot] = place + 1;
  }
  const endOf = (index: number): number => at(starts, index) + at(durations, index);
  for (let slot = 0; slot <= count; slot++) {
    const from = at(firstOf, slot);
    const to = at(firstOf, slot + 1);
    if (to - from > 1) byEnd.subarray(from, to).sort((a, b) => endOf(b) - endOf(a) || b - a);
  }
  return { byEnd, firstOf };
}

/** A longer search would cost more than it tells, in a trace of a hundred thousand spans. */
const holdersTried = 64;

/**
 * The nearest span above each within which it mostly ran, -1 where there is none: the job of a message begins when the message is written,
 * or has long been, and holds the trace's end all the same.
 */
function holdersOf({ parents, starts, durations }: TimedTree): Int32Array {
  const holders = new Int32Array(parents.length);
  for (let child = 0; child < parents.length; child++) {
    let holder = at(parents, child);
    for (let tried = 0; holder >= 0; tried++) {
      const end = at(starts, holder) + at(durations, holder);
      if (at(starts, child) < end && at(starts, child) + at(durations, child) / 2 <= end) break;
      holder = tried < holdersTried ? at(holders, holder) : -1;
    }
    holders[child] = holder;
  }
  return holders;
}

/** The columns are as long as the tree: every index is in range. */
function at(column: ArrayLike<number>, index: number): number {
  return column[index] ?? 0;
}
