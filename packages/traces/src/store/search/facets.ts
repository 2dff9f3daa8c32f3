import { ThroughlineError } from "@throughline/api/errors";
import type { Facet, FacetWindow } from "../../query/reader.ts";
import type { Pace } from "./pace.ts";
import type { PageBounds, Segment } from "./segment.ts";

const distinctAtMost = 200_000;

/** Keys and the spans that have each. Where a part of the store says so by itself, its pages are not read. */
export async function attributeKeys(
  segments: readonly Segment[],
  window: FacetWindow,
  pace: Pace,
): Promise<Facet[]> {
  const counts = new Map<string, number>();
  const add = (key: string, spans: number): void => {
    if (spans > 0) counts.set(key, (counts.get(key) ?? 0) + spans);
  };
  for (const segment of segments) {
    if (!segment.pages.some((page) => overlaps(page, window))) continue;
    const isWhole = segment.pages.every((page) => isInside(page, window));
    const unknown: string[] = [];
    for (const [key, spans] of segment.keys()) {
      const known = isWhole ? (spans ?? segment.countedKeys?.get(key)) : undefined;
      if (known === undefined) unknown.push(key);
      else add(key, known);
    }
    for (const [key, spans] of await countRows(segment, unknown, window, pace)) {
      add(key, spans);
      if (isWhole) segment.countedKeys?.set(key, spans);
    }
  }
  return top(counts, window.limit);
}

export async function attributeValues(
  segments: readonly Segment[],
  key: string,
  window: FacetWindow,
  pace: Pace,
): Promise<Facet[]> {
  const counts = new Map<string, number>();
  const add = (text: string, spans: number): void => {
    counts.set(text, (counts.get(text) ?? 0) + spans);
    if (counts.size > distinctAtMost) {
      throw new ThroughlineError(
        "TL_QUERY_TOO_WIDE",
        `${key} has more than ${distinctAtMost} different values in this time window.`,
      );
    }
  };
  for (const segment of segments) {
    const isWhole = segment.pages.every((page) => isInside(page, window));
    const known = isWhole ? segment.valueCounts(key) : undefined;
    for (const [text, spans] of known ?? []) add(text, spans);
    if (known !== undefined) continue;
    for (let page = 0; page < segment.pages.length; page++) {
      const bounds = segment.pages[page];
      if (bounds === undefined || !overlaps(bounds, window)) continue;
      await pace.step();
      const inWindow = rowsInWindow(segment, page, bounds, window);
      const outdated = segment.outdated(page);
      const rowsOf = new Map<string, Set<number>>();
      segment.values(key, page, (row, text) => {
        if (!inWindow(row) || outdated.has(row)) return;
        const rows = rowsOf.get(text) ?? new Set();
        rows.add(row);
        rowsOf.set(text, rows);
      });
      for (const [text, rows] of rowsOf) add(text, rows.size);
    }
  }
  return top(counts, window.limit);
}

/** Page by page, so that each is read once for all keys. */
async function countRows(
  segment: Segment,
  keys: readonly string[],
  window: FacetWindow,
  pace: Pace,
): Promise<Map<string, number>> {
  const counts = new Map(keys.map((key) => [key, 0]));
  const markers = keys.flatMap((key) => {
    const marker = segment.attribute(key, undefined, { is: "exists" });
    return marker === undefined ? [] : [{ key, marker }];
  });
  for (let page = 0; page < segment.pages.length && markers.length > 0; page++) {
    const bounds = segment.pages[page];
    if (bounds === undefined || !overlaps(bounds, window)) continue;
    for (const { key, marker } of markers) {
      if (!marker.mayMatch(page)) continue;
      await pace.step();
      const marks = new Uint8Array(bounds.rows);
      marker.mark(page, marks);
      const inWindow = rowsInWindow(segment, page, bounds, window);
      const outdated = segment.outdated(page);
      let count = counts.get(key) ?? 0;
      for (let row = 0; row < marks.length; row++)
        if (marks[row] === 1 && inWindow(row) && !outdated.has(row)) count++;
      counts.set(key, count);
    }
  }
  return counts;
}

function rowsInWindow(
  segment: Segment,
  page: number,
  bounds: PageBounds,
  window: FacetWindow,
): (row: number) => boolean {
  if (isInside(bounds, window)) return () => true;
  const { starts } = segment.page(page);
  return (row) => {
    const start = (BigInt(starts[row * 2 + 1] ?? 0) << 32n) | BigInt(starts[row * 2] ?? 0);
    return start >= window.startMin && start <= window.startMax;
  };
}

function overlaps({ firstStart, lastStart }: PageBounds, { startMin, startMax }: FacetWindow): boolean {
  return lastStart >= startMin && firstStart <= startMax;
}

function isInside({ firstStart, lastStart }: PageBounds, { startMin, startMax }: FacetWindow): boolean {
  return firstStart >= startMin && lastStart <= startMax;
}

function top(counts: ReadonlyMap<string, number>, limit: number): Facet[] {
  return Array.from(counts, ([text, spans]) => ({ text, spans }))
    .sort((a, b) => b.spans - a.spans || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .slice(0, limit);
}
