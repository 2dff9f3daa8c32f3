import { place as places } from "../head/layout.ts";
import { valueBytes, valueText } from "../head/value-bytes.ts";
import { visitColumn } from "./block-markers.ts";
import type { Block } from "./block.ts";
import type { BlockDictionary, ColumnInfo } from "./dictionary.ts";

/** Keys of attributes with the spans that have each; undefined where a span may have it twice (in events, at two places). */
export function keyCounts({ columns, origins }: BlockDictionary): Map<string, number | undefined> {
  const counts = new Map<string, number | undefined>();
  const add = (key: string, count: number | undefined): void => {
    counts.set(key, counts.has(key) ? undefined : count);
  };
  for (const column of columns) {
    if (column.place === places.field) continue;
    // Further values under one key are of spans that have a first.
    if (column.occurrence > 0 && !column.keysAreInValues) continue;
    if (column.keysAreInValues) counts.set("", undefined);
    else add(column.key, column.place === places.span ? column.entries : undefined);
  }
  const ofOrigins = new Map<string, number>();
  for (const { resource, scope, rows } of origins) {
    for (const key of new Set(
      [...resource.attributes, ...scope.attributes].map((attribute) => attribute.key),
    )) {
      ofOrigins.set(key, (ofOrigins.get(key) ?? 0) + rows);
    }
  }
  for (const [key, rows] of ofOrigins) add(key, rows);
  return counts;
}

/** Spans by value of a key; undefined where pages must be read for it. */
export function valueCounts(
  { bytes, columns, origins }: BlockDictionary,
  key: string,
): Map<string, number> | undefined {
  if (columns.some(({ keysAreInValues }) => keysAreInValues)) return undefined;
  const own = columns.filter((column) => column.place !== places.field && column.key === key);
  const counts = new Map<string, number>();
  const add = (text: string, spans: number): void => {
    counts.set(text, (counts.get(text) ?? 0) + spans);
  };
  const isOfOrigins = origins.some(({ resource, scope }) =>
    [...resource.attributes, ...scope.attributes].some((attribute) => attribute.key === key),
  );
  const [column] = own;
  if (isOfOrigins) {
    if (column !== undefined) return undefined;
    for (const { resource, scope, rows } of origins) {
      const texts = [...resource.attributes, ...scope.attributes]
        .filter((attribute) => attribute.key === key)
        .map(({ value }) => {
          const written = Buffer.from(valueBytes(value));
          return valueText(written, 0, written.length);
        });
      for (const text of new Set(texts)) add(text, rows);
    }
    return counts;
  }
  if (column === undefined) return counts;
  if (own.length > 1 || column.place !== places.span || column.hasPageDictionary) return undefined;
  column.used.forEach((spans, code) => {
    if (spans > 0) add(valueText(bytes, column.starts[code] ?? 0, column.ends[code] ?? 0), spans);
  });
  return counts;
}

export function visitValues(
  block: Block,
  key: string,
  page: number,
  visit: (row: number, text: string) => void,
): void {
  const dictionary = block.dictionary();
  for (const column of dictionary.columns) {
    if (column.place === places.field || (!column.keysAreInValues && column.key !== key)) continue;
    const textOf = textsOf(block, page, column, key);
    visitColumn(block, page, column, (row, code) => {
      const text = textOf(code);
      if (text !== undefined) visit(row, text);
    });
  }
  const texts = dictionary.origins.map(({ resource, scope }) =>
    [...resource.attributes, ...scope.attributes]
      .filter((attribute) => attribute.key === key)
      .map(({ value }) => {
        const written = Buffer.from(valueBytes(value));
        return valueText(written, 0, written.length);
      }),
  );
  if (texts.every((list) => list.length === 0)) return;
  const { origins, rows } = block.page(page);
  for (let row = 0; row < rows; row++) for (const text of texts[origins.get(row)] ?? []) visit(row, text);
}

/** The text of a code, read once; undefined where the value is another key's. */
function textsOf(
  block: Block,
  page: number,
  column: ColumnInfo,
  key: string,
): (code: number) => string | undefined {
  const texts = new Map<number, string | undefined>();
  return (code) => {
    if (texts.has(code)) return texts.get(code);
    const { bytes, start, end } = block.page(page).value(column.number, code);
    let text: string | undefined;
    if (column.keysAreInValues) {
      const valueAt = start + 4 + bytes.readUInt32LE(start);
      text = bytes.toString("utf8", start + 4, valueAt) === key ? valueText(bytes, valueAt, end) : undefined;
    } else text = valueText(bytes, start, end);
    texts.set(code, text);
    return text;
  };
}
