import { hashWords, slotsFor } from "../store/hash.ts";

/** Numbers of 64 bits as pairs of words, the low one first: BigInts of so many would cost more than all the rest. */

export function compareAt(words: Uint32Array, a: number, b: number): number {
  const high = (words[a * 2 + 1] ?? 0) - (words[b * 2 + 1] ?? 0);
  return high === 0 ? (words[a * 2] ?? 0) - (words[b * 2] ?? 0) : high;
}

/** How much later a time is, nanoseconds; rounded as a BigInt would be. */
export function differenceAt(words: Uint32Array, at: number, low: number, high: number): number {
  return ((words[at * 2 + 1] ?? 0) - high) * 0x1_0000_0000 + ((words[at * 2] ?? 0) - low);
}

export function bigintAt(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at * 2 + 1] ?? 0) << 32n) | BigInt(words[at * 2] ?? 0);
}

const digitBits = 11;
const buckets = 1 << digitBits;

/** Rows by their time, equal ones as they stand; mostly they stand so. A radix sort: there may be 100,000. */
export function sortedByTime(rows: Int32Array, times: Uint32Array): Int32Array {
  const count = rows.length;
  let isSorted = true;
  let least = rows[0] ?? 0;
  let most = least;
  for (let at = 1; at < count; at++) {
    const row = rows[at] ?? 0;
    if (isSorted && compareAt(times, rows[at - 1] ?? 0, row) > 0) isSorted = false;
    if (compareAt(times, row, least) < 0) least = row;
    if (compareAt(times, row, most) > 0) most = row;
  }
  if (isSorted) return rows;
  const span = bigintAt(times, most) - bigintAt(times, least);
  const [low, high] = [times[least * 2] ?? 0, times[least * 2 + 1] ?? 0];
  let from: Int32Array = rows;
  let to: Int32Array = new Int32Array(count);
  const ends = new Uint32Array(buckets);
  for (let shift = 0; span >> BigInt(shift) > 0n; shift += digitBits) {
    const digitOf = (row: number): number => {
      const ownLow = (times[row * 2] ?? 0) - low;
      const ownHigh = (times[row * 2 + 1] ?? 0) - high - (ownLow < 0 ? 1 : 0);
      if (shift >= 32) return (ownHigh >>> (shift - 32)) & (buckets - 1);
      const above = shift + digitBits > 32 ? ownHigh << (32 - shift) : 0;
      return ((ownLow >>> shift) | above) & (buckets - 1);
    };
    ends.fill(0);
    for (let at = 0; at < count; at++) {
      const digit = digitOf(from[at] ?? 0);
      ends[digit] = (ends[digit] ?? 0) + 1;
    }
    for (let digit = 1; digit < buckets; digit++) ends[digit] = (ends[digit] ?? 0) + (ends[digit - 1] ?? 0);
    for (let at = count - 1; at >= 0; at--) {
      const row = from[at] ?? 0;
      const digit = digitOf(row);
      const place = (ends[digit] ?? 0) - 1;
      ends[digit] = place;
      to[place] = row;
    }
    // What was given stays as it is.
    [from, to] = [to, from === rows ? new Int32Array(count) : from];
  }
  return from;
}

/** Which of some rows has an id: an open-addressing table. */
export class WordIndex {
  /** Whether some id is several rows'. */
  readonly hasShared: boolean;
  private readonly ids: Uint32Array;
  private readonly rows: Int32Array;
  /** Place among the rows plus one; 0: free. */
  private readonly slots: Int32Array;

  constructor(ids: Uint32Array, rows: Int32Array) {
    this.ids = ids;
    this.rows = rows;
    this.slots = new Int32Array(slotsFor(rows.length));
    let hasShared = false;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      const slot = this.slotOf(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0);
      if (this.slots[slot] === 0) this.slots[slot] = at + 1;
      else hasShared = true;
    }
    this.hasShared = hasShared;
  }

  /** The place among the rows of the first one with the id; -1 where there is none. */
  firstOf(low: number, high: number): number {
    return (this.slots[this.slotOf(low, high)] ?? 0) - 1;
  }

  private slotOf(low: number, high: number): number {
    const { slots, ids, rows } = this;
    const mask = slots.length - 1;
    for (let slot = hashWords(low, high) & mask; ; slot = (slot + 1) & mask) {
      const known = slots[slot] ?? 0;
      if (known === 0) return slot;
      const row = rows[known - 1] ?? 0;
      if (ids[row * 2] === low && ids[row * 2 + 1] === high) return slot;
    }
  }
}
