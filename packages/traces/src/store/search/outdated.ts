import type { Segment, TraceRows } from "./segment.ts";
import { factsOf } from "./trace-facts.ts";

/**
 * A trace's rows by segment, as far as they count: of copies of a span (a batch that was sent again, or a span that was sent with other
 * contents later) only the one received last does. Segments are in the order in which they count.
 */
export function withoutOutdated(
  segments: readonly Segment[],
  parts: readonly (TraceRows | undefined)[],
): (TraceRows | undefined)[] {
  const own = parts.slice();
  // Nearly every trace is in one segment.
  if (parts.filter((part) => part !== undefined).length < 2) return own;
  const newer = new Set<string>();
  for (let at = segments.length - 1; at >= 0; at--) {
    const segment = segments[at];
    const part = parts[at];
    if (segment === undefined || part === undefined) continue;
    const keys: string[] = [];
    const pages: TraceRows["pages"] = [];
    let left = 0;
    for (const { page, rows } of part.pages) {
      const decoded = segment.page(page);
      let run: number[] = [];
      for (const row of rows) {
        const key = decoded.spanKey(row);
        keys.push(key);
        if (newer.has(key)) continue;
        // Blocks read rows that follow each other.
        if (run.length === 0 || run.at(-1) !== row - 1) pages.push({ page, rows: (run = []) });
        run.push(row);
        left++;
      }
    }
    if (left < keys.length) own[at] = left === 0 ? undefined : factsOf(pages, segment.spans({ pages }));
    for (const key of keys) newer.add(key);
  }
  return own;
}
