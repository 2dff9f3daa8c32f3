import type { Timing } from "./timing.ts";
import type { SpanTree } from "./tree.ts";

/** A stretch of the critical path: which span (index in the tree) kept the trace from ending, from when to when after its start. */
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
  /** Which child comes next. */
  at: number;
}

/**
 * What the trace's end waited for, by time: from the end of a span backwards, the child that ended last holds the path until it began, then
 * the one that ended last before that; what no child covers is the span's own. Children count as far as they lie within their parents.
 * Without recursion: chains of thousands of spans are ordinary.
 */
export function criticalPath(
  tree: SpanTree,
  { startOffsets, durations, durationNs }: Timing,
): CriticalSegment[] {
  const start = (index: number): number => startOffsets[index] ?? 0;
  const end = (index: number): number => start(index) + (durations[index] ?? 0);
  const children: number[][] = tree.spans.map(() => []);
  const roots: number[] = [];
  tree.parents.forEach((parent, index) => (parent < 0 ? roots : children[parent])?.push(index));
  const byEnd = (list: number[]): number[] => list.sort((a, b) => end(b) - end(a) || b - a);
  for (const list of [roots, ...children]) byEnd(list);
  const path: CriticalSegment[] = [];
  const add = (index: number, from: number, until: number): void => {
    if (until > from && index >= 0) path.push({ index, from, until });
  };
  const open: Frame[] = [{ index: -1, from: 0, until: durationNs, at: 0 }];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const child = (frame.index < 0 ? roots : children[frame.index])?.[frame.at++];
    if (child === undefined) {
      add(frame.index, frame.from, frame.until);
      open.pop();
      continue;
    }
    const from = Math.max(start(child), frame.from);
    const until = Math.min(end(child), frame.until);
    if (until <= from) continue;
    add(frame.index, until, frame.until);
    frame.until = from;
    open.push({ index: child, from, until, at: 0 });
  }
  return path.reverse();
}
