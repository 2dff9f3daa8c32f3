import type { GrowingNumbers } from "../../growing.ts";
import type { AttributeLists, TraceTable } from "../../trace-columns/table.ts";
import { startOf } from "./entries.ts";
import type { HeadReader } from "./head-reader.ts";

/** Gathers rows of a head into the table of their trace. */
export class RowGatherer {
  private readonly reader: HeadReader;
  private readonly into: TraceTable;
  /** By pair: its number in the table plus one, be it a text or an attribute; 0 where none was given yet. */
  private readonly numbers: Int32Array;
  /** By column: 1 where attributes of spans are wanted; undefined where all are. */
  private readonly wanted: Uint8Array | undefined;

  constructor(reader: HeadReader, into: TraceTable) {
    this.reader = reader;
    this.into = into;
    this.numbers = new Int32Array(reader.counts.pairs);
    if (into.wantsAll) return;
    this.wanted = new Uint8Array(reader.counts.columns);
    for (let column = 0; column < this.wanted.length; column++)
      if (into.wants(reader.key(column))) this.wanted[column] = 1;
  }

  gather(row: number): void {
    const { into } = this;
    const { columns } = this.reader;
    const at = into.rows++;
    copyWords(columns.spanId, row, into.spanIds, at);
    copyWords(columns.parentId, row, into.parentIds, at);
    copyWords(columns.start, row, into.starts, at);
    copyWords(columns.end, row, into.ends, at);
    into.kindStatus[at] = columns.kindStatus[row] ?? 0;
    into.names[at] = this.text(columns.name[row] ?? 0);
    into.messages[at] = this.text(columns.message[row] ?? 0);
    into.rowOrigins[at] = into.origins.of(this.reader.originOf(columns.origin[row] ?? 0));
    this.ofSpan(row);
    for (let event = startOf(columns.eventEnd, row); event < (columns.eventEnd[row] ?? 0); event++)
      this.event(event);
    into.eventEnds[at] = into.eventNames.length;
    for (let link = startOf(columns.linkEnd, row); link < (columns.linkEnd[row] ?? 0); link++)
      this.link(link);
    into.linkEnds[at] = into.linkIds.length / 6;
  }

  /** Those of its attributes that are wanted. */
  private ofSpan(row: number): void {
    const { attrs, attrEnd, pairColumn } = this.reader.columns;
    const { attributes } = this.into;
    const from = startOf(attrEnd, row);
    const to = attrEnd[row] ?? 0;
    if (this.wanted === undefined) return this.list(attrs, from, to, attributes);
    for (let at = from; at < to; at++) {
      const pair = attrs[at] ?? 0;
      if (this.wanted[pairColumn[pair] ?? 0] === 1) attributes.numbers.push(this.attribute(pair));
    }
    attributes.end();
  }

  private event(event: number): void {
    const { into } = this;
    const { eventTime, eventName, eventAttrs, eventAttrEnd } = this.reader.columns;
    pushWords(eventTime, event * 2, 2, into.eventTimes);
    into.eventNames.push(this.text(eventName[event] ?? 0));
    this.list(eventAttrs, startOf(eventAttrEnd, event), eventAttrEnd[event] ?? 0, into.eventAttributes);
  }

  private link(link: number): void {
    const { into } = this;
    const { linkTrace, linkSpan, linkAttrs, linkAttrEnd } = this.reader.columns;
    pushWords(linkTrace, link * 4, 4, into.linkIds);
    pushWords(linkSpan, link * 2, 2, into.linkIds);
    this.list(linkAttrs, startOf(linkAttrEnd, link), linkAttrEnd[link] ?? 0, into.linkAttributes);
  }

  private list(pairs: Int32Array, from: number, to: number, into: AttributeLists): void {
    const { numbers } = into;
    for (let at = from; at < to; at++) {
      const pair = pairs[at] ?? 0;
      numbers.push(this.attribute(pair));
    }
    into.end();
  }

  private attribute(pair: number): number {
    const known = this.numbers[pair] ?? 0;
    if (known !== 0) return known - 1;
    const { dictionary } = this.into;
    const { pairColumn, pairEnd, valueBytes } = this.reader.columns;
    const key = dictionary.keys.of(this.reader.key(pairColumn[pair] ?? 0));
    const number = dictionary.add(key, valueBytes, startOf(pairEnd, pair), pairEnd[pair] ?? 0);
    this.numbers[pair] = number + 1;
    return number;
  }

  private text(pair: number): number {
    const known = this.numbers[pair] ?? 0;
    if (known !== 0) return known - 1;
    const number = this.into.texts.of(this.reader.text(pair));
    this.numbers[pair] = number + 1;
    return number;
  }
}

function copyWords(from: Uint32Array, row: number, to: Uint32Array, at: number): void {
  to[at * 2] = from[row * 2] ?? 0;
  to[at * 2 + 1] = from[row * 2 + 1] ?? 0;
}

function pushWords(from: Uint32Array, at: number, count: number, to: GrowingNumbers): void {
  for (let word = at; word < at + count; word++) to.push(from[word] ?? 0);
}
