/** Where an entry begins in a column of ends: where the one before it ends. */
export function startOf(ends: Int32Array, entry: number): number {
  return entry === 0 ? 0 : (ends[entry - 1] ?? 0);
}

/** Nanoseconds in a column of two halves each, the low one first. */
export function timeOf(times: Uint32Array, entry: number): bigint {
  return (BigInt(times[entry * 2 + 1] ?? 0) << 32n) | BigInt(times[entry * 2] ?? 0);
}

/** End minus start as two halves; a span that ends before it begins lasted nothing. */
export function durationOf(start: Uint32Array, end: Uint32Array, row: number): [low: number, high: number] {
  const low = (end[row * 2] ?? 0) - (start[row * 2] ?? 0);
  const high = (end[row * 2 + 1] ?? 0) - (start[row * 2 + 1] ?? 0) - (low < 0 ? 1 : 0);
  return high < 0 ? [0, 0] : [low >>> 0, high];
}
