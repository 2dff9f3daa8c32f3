import { tenantAttribute } from "../../model.ts";
import { startOf } from "./entries.ts";
import { type Counts, type HeadColumns, place } from "./layout.ts";

/** By origin: the pair of the tenant whose token sent its spans; 0 where the sender was bound to none. */
export function ownersOf(columns: HeadColumns, counts: Readonly<Counts>): Int32Array {
  const owners = new Int32Array(counts.origins);
  const column = tenantColumn(columns, counts);
  if (column === -1) return owners;
  const { originWords, setEnd, setWords, pairColumn } = columns;
  for (let origin = 0; origin < counts.origins; origin++) {
    const set = originWords[origin * 4] ?? 0;
    // The word before the attributes counts what was dropped.
    for (let word = startOf(setEnd, set) + 1; word < (setEnd[set] ?? 0); word++) {
      const pair = setWords[word] ?? 0;
      if (pairColumn[pair] === column) owners[origin] = pair;
    }
  }
  return owners;
}

function tenantColumn(
  { columnPlace, columnKeyEnd, keyBytes }: HeadColumns,
  counts: Readonly<Counts>,
): number {
  for (let column = 0; column < counts.columns; column++) {
    const isIt =
      columnPlace[column] === place.resource &&
      keyBytes.toString("utf8", startOf(columnKeyEnd, column), columnKeyEnd[column] ?? 0) === tenantAttribute;
    if (isIt) return column;
  }
  return -1;
}
