import { hashWords, slotsFor } from "./hash.ts";

/** Columns of spans, ids and times as pairs of words. */
export interface IdentityColumns {
  ids: Uint32Array;
  starts: Uint32Array;
  /** kind + 16 x status */
  kindStatus: Uint8Array;
  /** A number for the tenant whose token sent it. */
  ownerOf: (row: number) => number;
}

/**
 * Tells copies of a span from different ones: copies have the same id, kind, start and tenant of their sender. Different spans of one id
 * are known: Jaeger's storages allow it.
 */
export class CopyIndex {
  /** How many different spans were met. */
  size = 0;
  private readonly columns: IdentityColumns;
  /** Number of a span plus one; 0: free. */
  private readonly slots: Int32Array;
  /** The first row of each. */
  private readonly rows: Int32Array;

  /** `most`: how many rows will be asked for. */
  constructor(columns: IdentityColumns, most: number) {
    this.columns = columns;
    this.slots = new Int32Array(slotsFor(most));
    this.rows = new Int32Array(most);
  }

  /** The number of a row's span, which copies share; numbers count up from 0 as spans are met. */
  numberOf(row: number): number {
    const { slots, rows, columns } = this;
    const { ids, starts } = columns;
    const mask = slots.length - 1;
    const hash = hashWords((ids[row * 2] ?? 0) ^ (starts[row * 2] ?? 0), ids[row * 2 + 1] ?? 0);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = (slots[slot] ?? 0) - 1;
      if (known === -1) {
        rows[this.size] = row;
        slots[slot] = this.size + 1;
        return this.size++;
      }
      if (this.isCopy(row, rows[known] ?? 0)) return known;
    }
  }

  private isCopy(row: number, other: number): boolean {
    const { ids, starts, kindStatus, ownerOf } = this.columns;
    return (
      ids[row * 2] === ids[other * 2] &&
      ids[row * 2 + 1] === ids[other * 2 + 1] &&
      starts[row * 2] === starts[other * 2] &&
      starts[row * 2 + 1] === starts[other * 2 + 1] &&
      (((kindStatus[row] ?? 0) ^ (kindStatus[other] ?? 0)) & 15) === 0 &&
      ownerOf(row) === ownerOf(other)
    );
  }
}
