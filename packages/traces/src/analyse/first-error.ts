import type { SpanRecord } from "../model.ts";
import { textOf } from "./attributes.ts";
import type { SpanTree } from "./tree.ts";

/** Name of the span that is one attempt at a ticket (docs/trace-contract.md). */
const attemptSpanName = "enhance_ticket";

/** What is asked of a tree, however its spans are held: by index, parent before child. */
export interface FailedTree {
  readonly parents: Int32Array;
  readonly depths: Int32Array;
  /** By its name: the span of one attempt. */
  isAttempt(index: number): boolean;
  hasFailed(index: number): boolean;
  startsBefore(index: number, other: number): boolean;
}

/** Whether a span of this name is an attempt. */
export function isAttemptName(name: string): boolean {
  return name === attemptSpanName;
}

export function failedTree({ spans, parents, depths }: SpanTree): FailedTree {
  const at = (index: number): SpanRecord => spans[index] as SpanRecord;
  return {
    parents,
    depths,
    isAttempt: (index) => isAttemptName(at(index).name),
    hasFailed: (index) => at(index).statusCode === 2,
    startsBefore: (index, other) => at(index).startUnixNano < at(other).startUnixNano,
  };
}

/** Index of the newest attempt, the one that started last; -1 where there is none. */
export function newestAttempt(tree: FailedTree): number {
  let newest = -1;
  for (let index = 0; index < tree.parents.length; index++)
    if (tree.isAttempt(index) && (newest < 0 || tree.startsBefore(newest, index))) newest = index;
  return newest;
}

/**
 * Index of the deepest ERROR span, the earliest of equals: errors travel up, so the deepest is the cause. What failed in attempts
 * before the newest is history and does not count. -1 where nothing failed.
 */
export function firstError(tree: FailedTree, newest = newestAttempt(tree)): number {
  const { parents, depths } = tree;
  const past = new Uint8Array(parents.length);
  let found = -1;
  for (let index = 0; index < parents.length; index++) {
    if (newest >= 0)
      past[index] = tree.isAttempt(index) ? Number(index !== newest) : (past[parents[index] ?? -1] ?? 0);
    if (past[index] === 1 || !tree.hasFailed(index)) continue;
    const depth = depths[index] ?? 0;
    const foundDepth = depths[found] ?? -1;
    if (depth < foundDepth || (depth === foundDepth && !tree.startsBefore(index, found))) continue;
    found = index;
  }
  return found;
}

/** Keys of a span's own attributes that `errorMessageOf` reads. */
export const errorKeys = ["error.message", "error.type"] as const;

/** What an ERROR span says: its status, else its attributes, else its exception event; empty where it says nothing. */
export function errorMessageOf(span: Pick<SpanRecord, "statusMessage" | "attributes" | "events">): string {
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
