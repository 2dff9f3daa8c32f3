import { startOf } from "./entries.ts";
import type { HeadReader } from "./head-reader.ts";
import { place } from "./layout.ts";

/** Pairs by which a span says that its trace is slow: `slow_trace` true, or the text "true". */
export function slowPairs(reader: HeadReader): Set<number> {
  const { columns, counts } = reader;
  const slow = new Set<number>();
  for (let column = 0; column < counts.columns; column++) {
    if (columns.columnPlace[column] !== place.span || reader.key(column) !== "slow_trace") continue;
    for (const pair of reader.pairsOfColumn(column)) {
      const value = columns.valueBytes.toString(
        "latin1",
        startOf(columns.pairEnd, pair),
        columns.pairEnd[pair],
      );
      // As `value-bytes.ts` writes a bool and a string.
      if (value === "\u0002\u0001" || value === "\u0001true") slow.add(pair);
    }
  }
  return slow;
}
