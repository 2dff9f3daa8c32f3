import type { SpanRecord } from "../../model.ts";
import type { SpanQuery, SpanReader } from "../../query/reader.ts";

/** Traces that are in memory at once. */
const pageTraces = 50;

/** Whether the first page is of nothing. */
export function isEmpty(first: IteratorResult<SpanRecord[][], undefined>): boolean {
  return first.done === true || first.value.length === 0;
}

/** All that a search finds, the newest first, up to `limit` traces. */
export async function* pagesOf(
  reader: SpanReader,
  filters: SpanQuery,
  limit: number,
  signal: AbortSignal,
  tracesOfPage = pageTraces,
): AsyncGenerator<SpanRecord[][], undefined> {
  let left = limit;
  let after: SpanQuery["after"];
  do {
    const query = {
      ...filters,
      limit: Math.min(tracesOfPage, left),
      ...(after === undefined ? {} : { after }),
    };
    const page = await reader.search(query, { signal });
    yield page.traces;
    left -= page.traces.length;
    after = page.next;
  } while (after !== undefined && left > 0);
}
