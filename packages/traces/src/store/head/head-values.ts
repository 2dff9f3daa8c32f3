import type { Rollup } from "../block/rollup.ts";
import { serviceName } from "../../model.ts";
import { makeRollup } from "../block/make-rollup.ts";
import { orderRows } from "../block/order.ts";
import { noParent, parentDistances } from "../block/parents.ts";
import { startOf } from "./entries.ts";
import type { HeadReader } from "./head-reader.ts";
import { place } from "./layout.ts";
import { valueText } from "./value-bytes.ts";

/** `keep`: false leaves a row out. */
export function headRollup(reader: HeadReader, keep?: (row: number) => boolean): Rollup {
  const order = orderRows(reader.columns, reader.counts, keep);
  const distances = parentDistances(reader.columns, order);
  return makeRollup(
    reader,
    order,
    distances.map((distance, at) => (distance === noParent ? -1 : at + distance)),
  );
}

/** `keep`: false leaves a row out. */
export function headOperations(
  reader: HeadReader,
  keep?: (row: number) => boolean,
): { service: string; operation: string; kind: number }[] {
  const { columns, counts } = reader;
  const seen = new Map<number, { service: string; operation: string; kind: number }>();
  for (let row = 0; row < counts.rows; row++) {
    if (keep?.(row) === false) continue;
    const kind = (columns.kindStatus[row] ?? 0) & 15;
    const key = ((columns.name[row] ?? 0) * 2 ** 21 + (columns.origin[row] ?? 0)) * 16 + kind;
    if (seen.has(key)) continue;
    const service = serviceName(reader.originOf(columns.origin[row] ?? 0).resource);
    seen.set(key, { service, operation: reader.text(columns.name[row] ?? 0), kind });
  }
  return [...seen.values()];
}

/** All keys that an attribute has or had; how many spans is for the pages to say. */
export function headKeys(reader: HeadReader): Map<string, undefined> {
  const keys = new Map<string, undefined>();
  for (let column = 0; column < reader.counts.columns; column++) {
    if (reader.columns.columnPlace[column] !== place.field) keys.set(reader.key(column), undefined);
  }
  return keys;
}

/** Rows `from` to `to` with each value of `key`. */
export function visitHeadValues(
  reader: HeadReader,
  key: string,
  from: number,
  to: number,
  visit: (row: number, text: string) => void,
): void {
  const { columns, counts } = reader;
  const asked = new Set<number>();
  for (let column = 0; column < counts.columns; column++) {
    if (columns.columnPlace[column] !== place.field && reader.key(column) === key) asked.add(column);
  }
  if (asked.size === 0) return;
  const one = (row: number, pair: number): void => {
    if (!asked.has(columns.pairColumn[pair] ?? 0) || pair === 0) return;
    visit(row, valueText(columns.valueBytes, startOf(columns.pairEnd, pair), columns.pairEnd[pair] ?? 0));
  };
  for (let row = from; row < to; row++) {
    for (let at = startOf(columns.attrEnd, row); at < (columns.attrEnd[row] ?? 0); at++)
      one(row, columns.attrs[at] ?? 0);
    const events = startOf(columns.eventEnd, row);
    const eventsEnd = columns.eventEnd[row] ?? 0;
    if (eventsEnd > events) {
      const end = columns.eventAttrEnd[eventsEnd - 1] ?? 0;
      for (let at = startOf(columns.eventAttrEnd, events); at < end; at++)
        one(row, columns.eventAttrs[at] ?? 0);
    }
    const links = startOf(columns.linkEnd, row);
    const linksEnd = columns.linkEnd[row] ?? 0;
    if (linksEnd > links) {
      const end = columns.linkAttrEnd[linksEnd - 1] ?? 0;
      for (let at = startOf(columns.linkAttrEnd, links); at < end; at++) one(row, columns.linkAttrs[at] ?? 0);
    }
    const origin = columns.origin[row] ?? 0;
    const resource = reader.wordsOf(columns.originWords[origin * 4] ?? 0);
    for (let word = 1; word < resource.length; word++) one(row, resource[word] ?? 0);
    const scope = reader.wordsOf(columns.originWords[origin * 4 + 2] ?? 0);
    for (let word = 3; word < scope.length; word++) one(row, scope[word] ?? 0);
  }
}
