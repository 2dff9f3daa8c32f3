import type { KeyValue } from "../../model.ts";
import { serviceName } from "../../model.ts";
import { type AttributePlace, type SpanField, statusNames, type ValueTest } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import { fieldColumn, place as places } from "../head/layout.ts";
import { valueBytes } from "../head/value-bytes.ts";
import type { Marker } from "../search/segment.ts";
import { mayHold, numberTest, textMatcher, type ValueMatcher, valueMatcher } from "../search/value-test.ts";
import { keyHash, mayContain, textHash } from "./bloom.ts";
import type { Block } from "./block.ts";
import type { Vector } from "./bytes.ts";
import type { ColumnInfo } from "./dictionary.ts";
import type { BlockPage } from "./page.ts";
import type { PageTable, PageValues } from "./page-table.ts";

/** Rows with an attribute under `key` that meets the test. */
export function attributeMarker(
  block: Block,
  key: string,
  place: AttributePlace | undefined,
  test: ValueTest,
): Marker | undefined {
  const matches = valueMatcher(test);
  const dictionary = block.dictionary();
  const markers: Marker[] = [];
  if (place === undefined || place === "resource" || place === "scope") {
    const hits = dictionary.origins.map(
      ({ resource, scope }) =>
        (place !== "scope" && hasAttribute(resource.attributes, key, matches)) ||
        (place !== "resource" && hasAttribute(scope.attributes, key, matches)),
    );
    markers.push(...originMarker(block, hits));
  }
  for (const column of dictionary.columns) {
    const isAsked =
      column.place !== places.field &&
      (place === undefined || column.place === places[place]) &&
      (column.keysAreInValues || column.key === key);
    if (!isAsked) continue;
    const ofKey = column.keysAreInValues ? behindKey(key, matches) : matches;
    const marker = column.hasPageDictionary
      ? pagedMarker(block, column, key, ofKey, test)
      : dictionaryMarker(block, column, ofKey);
    if (marker !== undefined) markers.push(marker);
  }
  return anyOf(markers);
}

export function fieldMarker(block: Block, field: SpanField, test: ValueTest): Marker | undefined {
  const textColumn = {
    name: fieldColumn.name,
    statusMessage: fieldColumn.message,
    traceState: fieldColumn.state,
    event: fieldColumn.eventName,
  };
  switch (field) {
    case "name":
    case "statusMessage":
    case "traceState":
    case "event": {
      const column = block.dictionary().columns[textColumn[field]];
      if (column === undefined) return undefined;
      // An empty text is no text; a span's name, though, is always there.
      const matches = field === "name" ? valueMatcher(test) : notEmpty(valueMatcher(test));
      return column.hasPageDictionary
        ? pagedMarker(block, column, column.key, matches, test)
        : dictionaryMarker(block, column, matches);
    }
    case "service":
    case "scopeName":
    case "scopeVersion": {
      const matches = textMatcher(test);
      const hits = block.dictionary().origins.map(({ resource, scope }) => {
        const text =
          field === "service" ? serviceName(resource) : field === "scopeName" ? scope.name : scope.version;
        return text !== "" && matches(text);
      });
      return anyOf(originMarker(block, hits));
    }
    case "kind": {
      const matches = textMatcher(test);
      const hits = Object.values(kindNames).map((name) => matches(name));
      return rowMarker(block, (page) => (row) => hits[page.kindStatus.get(row) & 15] === true);
    }
    case "status": {
      const matches = textMatcher(test);
      const hits = Object.values(statusNames).map((name) => matches(name));
      return rowMarker(block, (page) => (row) => hits[page.kindStatus.get(row) >> 4] === true);
    }
    case "duration": {
      const matches = numberTest(test);
      return rowMarker(
        block,
        ({ durations }) =>
          (row) =>
            matches((durations[row * 2 + 1] ?? 0) * 0x1_0000_0000 + (durations[row * 2] ?? 0)),
      );
    }
  }
}

function hasAttribute(attributes: readonly KeyValue[], key: string, matches: ValueMatcher): boolean {
  return attributes.some((attribute) => {
    if (attribute.key !== key) return false;
    const bytes = Buffer.from(valueBytes(attribute.value));
    return matches(bytes, 0, bytes.length);
  });
}

/** For values that stand behind their key. */
function behindKey(key: string, matches: ValueMatcher): ValueMatcher {
  return (bytes, start, end) => {
    const valueAt = start + 4 + bytes.readUInt32LE(start);
    return bytes.toString("utf8", start + 4, valueAt) === key && matches(bytes, valueAt, end);
  };
}

function notEmpty(matches: ValueMatcher): ValueMatcher {
  return (bytes, start, end) => end - start > 1 && matches(bytes, start, end);
}

function originMarker(block: Block, hits: readonly boolean[]): Marker[] {
  const { origins, pageShift } = block.dictionary();
  let pages = 0;
  origins.forEach((origin, at) => {
    if (hits[at] === true) pages |= origin.pages;
  });
  if (pages === 0) return [];
  return [
    {
      mayMatch: (page) => (pages & (1 << (page >> pageShift))) !== 0,
      mark: (page, rows) => {
        const decoded = block.page(page);
        for (let row = 0; row < decoded.rows; row++)
          if (hits[decoded.origins.get(row)] === true) rows[row] = 1;
      },
    },
  ];
}

function rowMarker(block: Block, test: (page: BlockPage) => (row: number) => boolean): Marker {
  return {
    mayMatch: () => true,
    mark: (page, rows) => {
      const decoded = block.page(page);
      const matches = test(decoded);
      for (let row = 0; row < decoded.rows; row++) if (matches(row)) rows[row] = 1;
    },
  };
}

/** A column whose dictionary is the block's: each value is looked at once. */
function dictionaryMarker(block: Block, column: ColumnInfo, matches: ValueMatcher): Marker | undefined {
  const { bytes, pageShift } = block.dictionary();
  const hits = new Uint8Array(column.starts.length);
  let pages = 0;
  for (let code = 0; code < hits.length; code++) {
    if (!matches(bytes, column.starts[code] ?? 0, column.ends[code] ?? 0)) continue;
    hits[code] = 1;
    pages |= column.pages[code] ?? 0;
  }
  if (pages === 0) return undefined;
  return {
    mayMatch: (page) => (pages & (1 << (page >> pageShift))) !== 0,
    mark: (page, rows) => markColumn(block, page, column, hits, rows),
  };
}

/** A column with a dictionary on each page: filters say on which a value may be, smallest and largest where a number may. */
function pagedMarker(
  block: Block,
  column: ColumnInfo,
  key: string,
  matches: ValueMatcher,
  test: ValueTest,
): Marker | undefined {
  const index = block.blooms().get(column.number);
  if (index === undefined) return undefined;
  const hash =
    test.is === "=" ? textHash(keyHash(Buffer.from(key, "utf8")), Buffer.from(test.text, "utf8")) : undefined;
  const pages = new Set<number>();
  for (const [page, { bloom, smallest, largest }] of index) {
    if (hash !== undefined && !mayContain(bloom, hash)) continue;
    if (column.keysAreInValues || mayHold(test, smallest, largest)) pages.add(page);
  }
  if (pages.size === 0) return undefined;
  let looked: { page: number; hits: Uint8Array | undefined } | undefined;
  /** By code of the page; undefined where there is none. */
  const hitsOf = (page: number): Uint8Array | undefined => {
    if (looked?.page !== page)
      looked = { page, hits: pageHits(block.pageValues(page).get(column.number), matches) };
    return looked.hits;
  };
  return {
    mayMatch: (page) => pages.has(page),
    mayMark: (page) => hitsOf(page) !== undefined,
    mark: (page, rows) => {
      const hits = hitsOf(page);
      if (hits !== undefined) markColumn(block, page, column, hits, rows);
    },
  };
}

function pageHits(values: PageValues | undefined, matches: ValueMatcher): Uint8Array | undefined {
  if (values === undefined) return undefined;
  const { bytes, starts, ends } = values;
  const hits = new Uint8Array(starts.length);
  let isAny = false;
  for (let code = 0; code < hits.length; code++) {
    if (!matches(bytes, starts[code] ?? 0, ends[code] ?? 0)) continue;
    hits[code] = 1;
    isAny = true;
  }
  return isAny ? hits : undefined;
}

/** Sets the rows whose entries in `column` have a code that hits. */
function markColumn(
  block: Block,
  page: number,
  column: ColumnInfo,
  hits: Uint8Array,
  rows: Uint8Array,
): void {
  visitColumn(block, page, column, (row, code) => {
    if (hits[code] === 1) rows[row] = 1;
  });
}

/** Calls `visit` with row and code of each entry of a page that has `column`. */
export function visitColumn(
  block: Block,
  page: number,
  column: ColumnInfo,
  visit: (row: number, code: number) => void,
): void {
  const decoded = block.page(page);
  const isEvent = column.place === places.event || column.number === fieldColumn.eventName;
  const isLink = column.place === places.link || column.number === fieldColumn.linkState;
  if (!isEvent && !isLink) {
    visitEntries(decoded, decoded.spans, column, visit);
    return;
  }
  const table = isEvent ? decoded.events?.table : decoded.links?.table;
  if (table === undefined) return;
  const owners = ownersOf(isEvent ? decoded.eventCounts : decoded.linkCounts, table.length);
  visitEntries(decoded, table, column, (entry, code) => visit(owners[entry] ?? 0, code));
}

function visitEntries(
  page: BlockPage,
  table: PageTable,
  column: ColumnInfo,
  visit: (entry: number, code: number) => void,
): void {
  const codes = table.columns.get(column.number);
  if (codes === undefined) return;
  if (column.place === places.field) {
    for (let entry = 0; entry < table.length; entry++) visit(entry, codes.get(entry));
    return;
  }
  // By shape: 1 where it has the column, 2 where it has not, undefined where nobody looked.
  const has: (1 | 2 | undefined)[] = [];
  const { shapes, length } = table;
  for (let entry = 0, at = 0; entry < length && at < codes.length; entry++) {
    const shape = shapes.get(entry);
    if ((has[shape] ??= page.shapeColumns(shape).includes(column.number) ? 1 : 2) === 1)
      visit(entry, codes.get(at++));
  }
}

/** The row of each entry. */
function ownersOf(counts: Vector, entries: number): Int32Array {
  const owners = new Int32Array(entries);
  for (let row = 0, at = 0; row < counts.length; row++) {
    for (const end = at + counts.get(row); at < end; at++) owners[at] = row;
  }
  return owners;
}

function anyOf(markers: readonly Marker[]): Marker | undefined {
  if (markers.length < 2) return markers[0];
  return {
    mayMatch: (page) => markers.some((marker) => marker.mayMatch(page)),
    mark: (page, rows) => {
      for (const marker of markers) if (marker.mayMatch(page)) marker.mark(page, rows);
    },
  };
}
