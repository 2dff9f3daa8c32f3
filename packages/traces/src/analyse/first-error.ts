import type { SpanRecord } from "../model.ts";
import { textOf } from "./attributes.ts";
import type { SpanTree } from "./tree.ts";

/** Name of the span that is one attempt at a ticket (docs/trace-contract.md). */
const attemptSpanName = "enhance_ticket";

/** Index of the newest attempt, the one that started last; -1 where there is none. */
export function newestAttempt({ spans }: SpanTree): number {
  let newest = -1;
  spans.forEach(({ name, startUnixNano }, index) => {
    if (name !== attemptSpanName) return;
    const known = spans[newest];
    if (known === undefined || startUnixNano > known.startUnixNano) newest = index;
  });
  return newest;
}

/**
 * The deepest ERROR span, the earliest of equals: errors travel up, so the deepest is the cause. What failed in attempts
 * before the newest is history and does not count.
 */
export function firstErrorOf(tree: SpanTree): SpanRecord | undefined {
  const { spans, parents, depths } = tree;
  if (!spans.some(({ statusCode }) => statusCode === 2)) return undefined;
  const newest = newestAttempt(tree);
  const past = new Uint8Array(spans.length);
  let found: SpanRecord | undefined;
  let foundDepth = -1;
  for (let index = 0; index < spans.length; index++) {
    const span = spans[index] as SpanRecord;
    if (newest >= 0)
      past[index] =
        span.name === attemptSpanName ? Number(index !== newest) : (past[parents[index] ?? -1] ?? 0);
    if (past[index] === 1 || span.statusCode !== 2) continue;
    const depth = depths[index] ?? 0;
    const earlier = found !== undefined && span.startUnixNano < found.startUnixNano;
    if (depth < foundDepth || (depth === foundDepth && !earlier)) continue;
    found = span;
    foundDepth = depth;
  }
  return found;
}

/** What an ERROR span says: its status, else its attributes, else its exception event; empty where it says nothing. */
export function errorMessageOf(span: SpanRecord): string {
  if (span.statusMessage !== "") return span.statusMessage;
  const exception = span.events.find(({ name }) => name === "exception")?.attributes ?? [];
  return (
    textOf(span.attributes, "error.message") ??
    textOf(exception, "exception.message") ??
    textOf(span.attributes, "error.type") ??
    textOf(exception, "exception.type") ??
    ""
  );
}
