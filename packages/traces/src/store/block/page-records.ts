import type { EventRecord, LinkRecord, SpanKind, SpanRecord, StatusCode } from "../../model.ts";
import { timeOf } from "../head/entries.ts";
import { fieldColumn } from "../head/layout.ts";
import { type BlockPage, sumOf } from "./page.ts";
import { TableCursor } from "./page-table.ts";

const noneDropped = Buffer.alloc(12);

/** Spans of rows `from` to `to`, which are of one trace. */
export function readRecords(page: BlockPage, from: number, to: number, traceId: string): SpanRecord[] {
  const spans = new TableCursor(page, page.spans, from);
  const events =
    page.events === undefined
      ? undefined
      : new TableCursor(page, page.events.table, sumOf(page.eventCounts, 0, from));
  const links =
    page.links === undefined
      ? undefined
      : new TableCursor(page, page.links.table, sumOf(page.linkCounts, 0, from));
  let external = page.externalBefore(from);
  const idOf = page.spanIds(from, to);
  const [starts, lengths] = [whole(page.starts), whole(page.lengths)];
  const records: SpanRecord[] = [];
  for (let row = from; row < to; row++) {
    const parent = page.parents.get(row);
    let parentSpanId = "";
    if (parent === 1) {
      parentSpanId = page.externalParents.toString("hex", external * 8, external * 8 + 8);
      external++;
    } else if (parent >= 2) {
      parentSpanId = idOf(page.parentRow(row, parent));
    }
    const { resource, scope } = page.originOf(row);
    const dropped = spans.field(fieldColumn.dropped, row);
    const counts = dropped.type === "bytes" ? Buffer.from(dropped.value) : noneDropped;
    const start = starts[row] ?? 0n;
    const name = spans.text(fieldColumn.name, row);
    const traceState = spans.text(fieldColumn.state, row);
    const statusMessage = spans.text(fieldColumn.message, row);
    records.push({
      traceId,
      spanId: idOf(row),
      parentSpanId,
      traceState,
      flags: page.flags.get(row),
      name,
      kind: (page.kindStatus.get(row) & 15) as SpanKind,
      startUnixNano: start,
      endUnixNano: BigInt.asUintN(64, start + (lengths[row] ?? 0n)),
      attributes: spans.next(),
      droppedAttributesCount: counts.readUInt32LE(0),
      events: eventsOf(page, events, page.eventCounts.get(row)),
      droppedEventsCount: counts.readUInt32LE(4),
      links: linksOf(page, links, page.linkCounts.get(row)),
      droppedLinksCount: counts.readUInt32LE(8),
      statusCode: (page.kindStatus.get(row) >> 4) as StatusCode,
      statusMessage,
      resource,
      scope,
    });
  }
  return records;
}

function eventsOf(page: BlockPage, cursor: TableCursor | undefined, count: number): EventRecord[] {
  const { events } = page;
  if (events === undefined || cursor === undefined) return [];
  if (count === 0) return [];
  return Array.from({ length: count }, () => {
    const at = cursor.at;
    return {
      timeUnixNano: timeOf(events.times, at),
      name: cursor.text(fieldColumn.eventName, at),
      attributes: cursor.next(),
      droppedAttributesCount: events.dropped.get(at),
    };
  });
}

function linksOf(page: BlockPage, cursor: TableCursor | undefined, count: number): LinkRecord[] {
  const { links } = page;
  if (links === undefined || cursor === undefined) return [];
  if (count === 0) return [];
  return Array.from({ length: count }, () => {
    const at = cursor.at;
    return {
      traceId: links.ids.toString("hex", at * 24, at * 24 + 16),
      spanId: links.ids.toString("hex", at * 24 + 16, at * 24 + 24),
      traceState: cursor.text(fieldColumn.linkState, at),
      attributes: cursor.next(),
      droppedAttributesCount: links.dropped.get(at),
      flags: links.flags.get(at),
    };
  });
}

/** Numbers that lie as low and high halves by turns. */
function whole(halves: Uint32Array): BigUint64Array {
  const { buffer, byteOffset, length } = halves;
  // A machine has its halves in this order too, where they lie on a whole word.
  if (byteOffset % 8 === 0) return new BigUint64Array(buffer, byteOffset, length / 2);
  return new BigUint64Array(halves.slice().buffer);
}
