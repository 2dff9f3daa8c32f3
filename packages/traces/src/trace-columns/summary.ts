import type { TraceSummary } from "@throughline/api";
import { firstError, isAttemptName, newestAttempt } from "../analyse/first-error.ts";
import { ServiceCounts } from "../analyse/services.ts";
import { labelKeys, summaryOf, TraceLabels } from "../analyse/summary.ts";
import type { SpanRecord } from "../model.ts";
import type { OrderedTrace } from "./order.ts";
import type { AttributeLists, TraceTable } from "./table.ts";
import { bigintAt, compareAt } from "./words.ts";

const failed = 2;

/** Nanoseconds since the epoch as two words: the earliest start, and the latest end or start. */
export interface Extent {
  start: Uint32Array;
  end: Uint32Array;
}

/** What a list of traces shows of one, and the place of the span that its first error tells of; -1 for none. */
export function summariseColumns(trace: OrderedTrace, { start, end }: Extent) {
  const { table, rows, parents, depths } = trace;
  const { texts, kindStatus, starts, names } = table;
  const isAttempt = texts.values.map(isAttemptName);
  const rowAt = (at: number): number => rows[at] ?? 0;
  const tree = {
    parents,
    depths,
    isAttempt: (at: number) => isAttempt[names[rowAt(at)] ?? 0] === true,
    hasFailed: (at: number) => (kindStatus[rowAt(at)] ?? 0) >> 4 === failed,
    startsBefore: (at: number, other: number) => compareAt(starts, rowAt(at), rowAt(other)) < 0,
  };
  const newest = isAttempt.includes(true) ? newestAttempt(tree) : -1;
  const error = firstError(tree, newest);
  const root = rootOf(trace);
  const services = new ServiceCounts();
  let errorCount = 0;
  for (const row of rows) {
    const hasFailed = (kindStatus[row] ?? 0) >> 4 === failed;
    if (hasFailed) errorCount++;
    const origin = table.origins.values[table.rowOrigins[row] ?? 0];
    if (origin !== undefined) services.add(origin.resource, hasFailed);
  }
  const summary: TraceSummary = summaryOf({
    traceId: table.traceId,
    root: root === -1 ? undefined : spanAt(trace, root),
    start: bigintAt(start, 0),
    end: bigintAt(end, 0),
    spanCount: rows.length,
    errorCount,
    services: services.sorted(),
    labels: labelsOf(trace),
    attempt: newest === -1 ? undefined : spanAt(trace, newest),
    error: error === -1 ? undefined : spanAt(trace, error),
  });
  return { summary, firstError: error };
}

/** Both 0 for no spans. */
export function extentOf({ table: { starts, ends }, rows }: OrderedTrace): Extent {
  let first = rows[0] ?? 0;
  let lastStart = first;
  let lastEnd = first;
  for (const row of rows) {
    if (compareAt(starts, row, first) < 0) first = row;
    if (compareAt(starts, row, lastStart) > 0) lastStart = row;
    if (compareAt(ends, row, lastEnd) > 0) lastEnd = row;
  }
  const end = bigintAt(ends, lastEnd) > bigintAt(starts, lastStart) ? [ends, lastEnd] : [starts, lastStart];
  const [words, row] = end as [Uint32Array, number];
  return { start: starts.subarray(first * 2, first * 2 + 2), end: words.subarray(row * 2, row * 2 + 2) };
}

/** The earliest span without a parent, else the earliest whose parent is missing: the roots of a tree come by start. */
function rootOf({ table: { parentIds }, rows, parents }: OrderedTrace): number {
  const root = parents.findIndex((parent, at) => {
    const row = rows[at] ?? 0;
    return parent === -1 && parentIds[row * 2] === 0 && parentIds[row * 2 + 1] === 0;
  });
  return root === -1 ? parents.indexOf(-1) : root;
}

function labelsOf({ table: { dictionary }, rows, attributes }: OrderedTrace): TraceLabels {
  const labels = new TraceLabels();
  const isLabel = dictionary.keys.values.map((key) => labelKeys.has(key));
  if (!isLabel.includes(true)) return labels;
  const numbers = attributes.numbers.view();
  for (const row of rows) {
    const end = attributes.ends.get(row);
    for (let at = attributes.startOf(row); at < end; at++) {
      const number = numbers[at] ?? 0;
      if (isLabel[dictionary.key(number)] === true) labels.take(dictionary.attribute(number));
    }
  }
  return labels;
}

/** What a summary says of single spans. */
function spanAt(
  { table, rows, attributes }: OrderedTrace,
  at: number,
): Pick<SpanRecord, "name" | "resource" | "statusMessage" | "attributes" | "events"> {
  const row = rows[at] ?? 0;
  const text = (number: number | undefined): string => table.texts.values[number ?? 0] ?? "";
  const events: SpanRecord["events"] = [];
  for (
    let event = row === 0 ? 0 : (table.eventEnds[row - 1] ?? 0);
    event < (table.eventEnds[row] ?? 0);
    event++
  )
    events.push({
      timeUnixNano: bigintAt(table.eventTimes.view(), event),
      name: text(table.eventNames.get(event)),
      attributes: attributesOf(table, table.eventAttributes, event),
      droppedAttributesCount: 0,
    });
  const origin = table.origins.values[table.rowOrigins[row] ?? 0];
  if (origin === undefined) throw new RangeError("no such origin");
  return {
    name: text(table.names[row]),
    resource: origin.resource,
    statusMessage: text(table.messages[row]),
    attributes: attributesOf(table, attributes, row),
    events,
  };
}

function attributesOf(
  { dictionary }: TraceTable,
  lists: AttributeLists,
  list: number,
): SpanRecord["attributes"] {
  const found: SpanRecord["attributes"] = [];
  for (let at = lists.startOf(list); at < lists.ends.get(list); at++)
    found.push(dictionary.attribute(lists.numbers.get(at)));
  return found;
}
