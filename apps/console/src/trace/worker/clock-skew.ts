import type { StructureColumns } from "@throughline/api/trace-columns";

/** A clock that runs ahead of or behind that of its callers. */
export interface ClockSkew {
  /** Indexes in the head's `clocks`. */
  clock: number;
  reference: number;
  /** Nanoseconds to add to the clock's times, after those of `reference`. */
  shiftNs: number;
}

const kind = { server: 2, client: 3 } as const;

/**
 * Clocks by whose times a span begins before the one that called it, or, called by a client that waits for it, ends after that although it
 * is shorter. What must be added is what lets every such call lie within its caller; where there is a choice, the way there and back take
 * equally long. A clock is held against that of whoever called it first.
 */
export function findClockSkew(structure: StructureColumns, clockCount: number): ClockSkew[] {
  const { parents, starts, durations, clocks, kindStatus } = structure;
  const bounds = new Map<number, { reference: number; least: number; most: number }>();
  for (let at = 0; at < parents.length; at++) {
    const parent = parents[at] ?? -1;
    const clock = clocks[at] ?? 0;
    if (parent < 0 || clock === clocks[parent]) continue;
    const reference = clocks[parent] ?? 0;
    const bound = bounds.get(clock) ?? {
      reference,
      least: Number.NEGATIVE_INFINITY,
      most: Number.POSITIVE_INFINITY,
    };
    // The first caller's clock is the reference; the root's has none.
    if (bound.reference !== reference || clock === clocks[0]) continue;
    bounds.set(clock, bound);
    bound.least = Math.max(bound.least, (starts[parent] ?? 0) - (starts[at] ?? 0));
    const isAwaited =
      ((kindStatus[at] ?? 0) & 15) === kind.server && ((kindStatus[parent] ?? 0) & 15) === kind.client;
    if (!isAwaited) continue;
    const parentEnd = (starts[parent] ?? 0) + (durations[parent] ?? 0);
    bound.most = Math.min(bound.most, parentEnd - (starts[at] ?? 0) - (durations[at] ?? 0));
  }
  const skews: ClockSkew[] = [];
  for (const [clock, { reference, least, most }] of bounds) {
    if (clock >= clockCount) continue;
    const fits = least <= most;
    if (least <= 0 && (most >= 0 || !fits)) continue;
    const shiftNs = fits && most !== Number.POSITIVE_INFINITY ? (least + most) / 2 : least;
    skews.push({ clock, reference, shiftNs });
  }
  return skews;
}

/** Nanoseconds for each clock: a clock's own and those of the clocks that it is held against. */
export function shiftsOf(skews: readonly ClockSkew[], clockCount: number): Float64Array {
  const shifts = new Float64Array(clockCount);
  // A reference is named before what is held against it, as callers stand before whom they call.
  for (const { clock, reference, shiftNs } of skews) shifts[clock] = (shifts[reference] ?? 0) + shiftNs;
  return shifts;
}
