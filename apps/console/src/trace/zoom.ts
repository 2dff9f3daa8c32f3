import { useEffect, useState } from "react";
import type { TimeRange } from "./ticks.ts";

/** So much of a trace of any length can still be told apart. */
const leastNs = 10;

/** What of the trace's time is shown. It changes with every turn of the wheel: only what shows it is drawn again. */
export class Zoom {
  private range: TimeRange;
  private totalNs: number;
  private readonly listeners = new Set<() => void>();

  constructor(totalNs: number, range?: TimeRange) {
    this.totalNs = Math.max(totalNs, 1);
    this.range = range ?? this.whole();
  }

  readonly get = (): TimeRange => this.range;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  whole(): TimeRange {
    return { fromNs: 0, toNs: this.totalNs };
  }

  isWhole(): boolean {
    return this.range.fromNs <= 0 && this.range.toNs >= this.totalNs;
  }

  /** The trace has grown, or its clocks were shifted; undefined: the whole of it. */
  reset(totalNs: number, range: TimeRange | undefined): void {
    const wasWhole = this.isWhole();
    this.totalNs = Math.max(totalNs, 1);
    this.set(range ?? (wasWhole ? this.whole() : this.range));
  }

  /** Kept within the trace. */
  set({ fromNs, toNs }: TimeRange): void {
    const length = Math.min(Math.max(toNs - fromNs, Math.min(leastNs, this.totalNs)), this.totalNs);
    const from = Math.min(Math.max(fromNs, 0), this.totalNs - length);
    if (from === this.range.fromNs && from + length === this.range.toNs) return;
    this.range = { fromNs: from, toNs: from + length };
    for (const listener of this.listeners) listener();
  }

  /** `factor` below 1 shows less; what stands at `share` (0..1) of the range stays there. */
  by(factor: number, share = 0.5): void {
    const { fromNs, toNs } = this.range;
    const length = Math.min(Math.max((toNs - fromNs) * factor, leastNs), this.totalNs);
    const fixed = fromNs + (toNs - fromNs) * share;
    this.set({ fromNs: fixed - length * share, toNs: fixed + length * (1 - share) });
  }

  /** Moves by a share of what is shown. */
  pan(share: number): void {
    const { fromNs, toNs } = this.range;
    const step = (toNs - fromNs) * share;
    this.set({ fromNs: fromNs + step, toNs: toNs + step });
  }
}

/** So long the range has not changed. */
const restMs = 120;

/** The range for what is written in words: it follows when the wheel rests. */
export function useRestingZoom(zoom: Zoom): TimeRange {
  const [range, setRange] = useState(zoom.get);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = zoom.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => setRange(zoom.get()), restMs);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [zoom]);
  return range;
}
