import { HeadFullError, nothing } from "../store/head/dictionary.ts";
import type { Head } from "../store/head/head.ts";
import { fieldColumn, type HeadColumns, type Place, place } from "../store/head/layout.ts";
import { spanKind, statusCode } from "./batch-builder.ts";
import { MessageCursor } from "./message-cursor.ts";
import { wire } from "./protobuf-reader.ts";

/** Field number and wire type of one field, as the tag's number. */
const tag = (field: number, wireType: number): number => (field << 3) | wireType;
const traceIdTag = tag(1, wire.bytes);
const spanIdTag = tag(2, wire.bytes);
const stateTag = tag(3, wire.bytes);
const parentTag = tag(4, wire.bytes);
const nameTag = tag(5, wire.bytes);
const kindTag = tag(6, wire.varint);
const startTag = tag(7, wire.fixed64);
const endTag = tag(8, wire.fixed64);
const attributeTag = tag(9, wire.bytes);
const droppedAttributesTag = tag(10, wire.varint);
const eventTag = tag(11, wire.bytes);
const droppedEventsTag = tag(12, wire.varint);
const linkTag = tag(13, wire.bytes);
const droppedLinksTag = tag(14, wire.varint);
const statusTag = tag(15, wire.bytes);
const flagsTag = tag(16, wire.fixed32);

/**
 * Span messages (opentelemetry-proto 1.11, trace/v1) into rows of a head: the hottest loop of the backend.
 */
export class EntryDecoder extends MessageCursor {
  private readonly head: Head;
  private readonly columns: HeadColumns;

  constructor(bytes: Buffer, view: DataView, head: Head) {
    super(bytes, view);
    this.head = head;
    this.columns = head.columns;
  }

  /** The span message from `from` to `to` as a row; why it was refused, if it was. Throws MalformedProtobufError, HeadFullError. */
  span(from: number, to: number, origin: number): string | undefined {
    const { head, columns, view } = this;
    const { counts, dictionary } = head;
    const row = counts.rows;
    // An entry takes two bytes at least.
    const items = counts.attrs + counts.events + counts.eventAttrs + counts.links + counts.linkAttrs;
    if (row >= head.size.rows || items + (to - from) / 2 > head.size.items) throw new HeadFullError();
    let traceAt = -1;
    let traceLength = 0;
    let spanAt = -1;
    let spanLength = 0;
    let parentAt = -1;
    let parentLength = 0;
    let name = 0;
    let state = 0;
    let message = 0;
    let kind = 0;
    let status = 0;
    let flags = 0;
    let droppedAttributes = 0;
    let droppedEvents = 0;
    let droppedLinks = 0;
    const { attrs, events, eventAttrs, links, linkAttrs } = counts;
    columns.start[row * 2] = columns.start[row * 2 + 1] = 0;
    columns.end[row * 2] = columns.end[row * 2 + 1] = 0;
    this.at = from;
    while (this.at < to) {
      const fieldTag = this.varint(to);
      switch (fieldTag) {
        case traceIdTag:
          traceLength = this.length(to);
          traceAt = this.at;
          this.at += traceLength;
          break;
        case spanIdTag:
          spanLength = this.length(to);
          spanAt = this.at;
          this.at += spanLength;
          break;
        case parentTag:
          parentLength = this.length(to);
          parentAt = this.at;
          this.at += parentLength;
          break;
        case stateTag:
          state = this.text(fieldColumn.state, to);
          break;
        case nameTag:
          name = this.text(fieldColumn.name, to);
          break;
        case kindTag:
          kind = spanKind(this.varint(to));
          break;
        case startTag:
          this.fixed64(columns.start, row, to);
          break;
        case endTag:
          this.fixed64(columns.end, row, to);
          break;
        case attributeTag: {
          const pair = this.attribute(place.span, to);
          if (pair !== nothing) columns.attrs[counts.attrs++] = pair;
          break;
        }
        case droppedAttributesTag:
          droppedAttributes = this.varint(to);
          break;
        case eventTag:
          this.event(to);
          break;
        case droppedEventsTag:
          droppedEvents = this.varint(to);
          break;
        case linkTag:
          if (!this.link(to)) droppedLinks++;
          break;
        case droppedLinksTag:
          droppedLinks += this.varint(to);
          break;
        case statusTag: {
          const length = this.length(to);
          [message, status] = this.status(this.at + length, message, status);
          break;
        }
        case flagsTag:
          if (to - this.at < 4) throw this.cut();
          flags = view.getUint32(this.at, true);
          this.at += 4;
          break;
        default:
          this.skip(fieldTag, to);
      }
    }
    if (this.at > to) throw this.cut();
    const problem = this.idProblem(traceAt, traceLength, spanAt, spanLength, parentLength);
    if (problem !== undefined) {
      Object.assign(counts, { attrs, events, eventAttrs, links, linkAttrs });
      return problem;
    }
    const trace = head.traceOf(
      view.getUint32(traceAt, true),
      view.getUint32(traceAt + 4, true),
      view.getUint32(traceAt + 8, true),
      view.getUint32(traceAt + 12, true),
    );
    columns.spanId[row * 2] = view.getUint32(spanAt, true);
    columns.spanId[row * 2 + 1] = view.getUint32(spanAt + 4, true);
    columns.parentId[row * 2] = parentLength === 0 ? 0 : view.getUint32(parentAt, true);
    columns.parentId[row * 2 + 1] = parentLength === 0 ? 0 : view.getUint32(parentAt + 4, true);
    columns.kindStatus[row] = kind + 16 * status;
    columns.flags[row] = flags;
    columns.name[row] = name;
    columns.state[row] = state;
    columns.message[row] = message;
    columns.dropped[row] =
      droppedAttributes === 0 && droppedEvents === 0 && droppedLinks === 0
        ? 0
        : dictionary.raw(
            fieldColumn.dropped,
            new Uint8Array(Uint32Array.of(droppedAttributes, droppedEvents, droppedLinks).buffer),
          );
    columns.origin[row] = origin;
    columns.attrEnd[row] = counts.attrs;
    columns.eventEnd[row] = counts.events;
    columns.linkEnd[row] = counts.links;
    head.link(row, trace);
    counts.rows = row + 1;
    return undefined;
  }

  private status(to: number, messageBefore: number, statusBefore: number): [number, number] {
    let message = messageBefore;
    let status = statusBefore;
    while (this.at < to) {
      const fieldTag = this.varint(to);
      if (fieldTag === tag(2, wire.bytes)) message = this.text(fieldColumn.message, to);
      else if (fieldTag === tag(3, wire.varint)) status = statusCode(this.varint(to));
      else this.skip(fieldTag, to);
    }
    return [message, status];
  }

  private event(outer: number): void {
    const { columns } = this;
    const { counts } = this.head;
    const to = this.length(outer) + this.at;
    const event = counts.events;
    let name = 0;
    let dropped = 0;
    columns.eventTime[event * 2] = columns.eventTime[event * 2 + 1] = 0;
    while (this.at < to) {
      const fieldTag = this.varint(to);
      if (fieldTag === tag(1, wire.fixed64)) this.fixed64(columns.eventTime, event, to);
      else if (fieldTag === tag(2, wire.bytes)) name = this.text(fieldColumn.eventName, to);
      else if (fieldTag === tag(3, wire.bytes)) {
        const pair = this.attribute(place.event, to);
        if (pair !== nothing) columns.eventAttrs[counts.eventAttrs++] = pair;
      } else if (fieldTag === tag(4, wire.varint)) dropped = this.varint(to);
      else this.skip(fieldTag, to);
    }
    columns.eventName[event] = name;
    columns.eventDropped[event] = dropped;
    columns.eventAttrEnd[event] = counts.eventAttrs;
    counts.events = event + 1;
  }

  /** False for a link without valid ids: it is left out. */
  private link(outer: number): boolean {
    const { columns, view } = this;
    const { counts } = this.head;
    const to = this.length(outer) + this.at;
    const link = counts.links;
    const { linkAttrs } = counts;
    let traceAt = 0;
    let traceLength = 0;
    let spanAt = 0;
    let spanLength = 0;
    let state = 0;
    let flags = 0;
    let dropped = 0;
    while (this.at < to) {
      const fieldTag = this.varint(to);
      if (fieldTag === tag(1, wire.bytes)) {
        traceLength = this.length(to);
        traceAt = this.at;
        this.at += traceLength;
      } else if (fieldTag === tag(2, wire.bytes)) {
        spanLength = this.length(to);
        spanAt = this.at;
        this.at += spanLength;
      } else if (fieldTag === tag(3, wire.bytes)) state = this.text(fieldColumn.linkState, to);
      else if (fieldTag === tag(4, wire.bytes)) {
        const pair = this.attribute(place.link, to);
        if (pair !== nothing) columns.linkAttrs[counts.linkAttrs++] = pair;
      } else if (fieldTag === tag(5, wire.varint)) dropped = this.varint(to);
      else if (fieldTag === tag(6, wire.fixed32)) {
        if (to - this.at < 4) throw this.cut();
        flags = view.getUint32(this.at, true);
        this.at += 4;
      } else this.skip(fieldTag, to);
    }
    if (!this.isId(traceAt, traceLength, 16) || !this.isId(spanAt, spanLength, 8)) {
      counts.linkAttrs = linkAttrs;
      return false;
    }
    for (let word = 0; word < 4; word++) {
      columns.linkTrace[link * 4 + word] = view.getUint32(traceAt + word * 4, true);
    }
    columns.linkSpan[link * 2] = view.getUint32(spanAt, true);
    columns.linkSpan[link * 2 + 1] = view.getUint32(spanAt + 4, true);
    columns.linkState[link] = state;
    columns.linkFlags[link] = flags;
    columns.linkDropped[link] = dropped;
    columns.linkAttrEnd[link] = counts.linkAttrs;
    counts.links = link + 1;
    return true;
  }

  private attribute(at: Place, outer: number): number {
    const length = this.length(outer);
    const start = this.at;
    this.at = start + length;
    return this.head.dictionary.attribute(at, start, this.at);
  }

  private text(column: number, outer: number): number {
    const length = this.length(outer);
    const start = this.at;
    this.at = start + length;
    return this.head.dictionary.text(column, start, this.at);
  }

  private idProblem(
    traceAt: number,
    traceLength: number,
    spanAt: number,
    spanLength: number,
    parentLength: number,
  ): string | undefined {
    const spanIsRight = this.isId(spanAt, spanLength, 8);
    const traceIsRight = this.isId(traceAt, traceLength, 16);
    if (traceIsRight && spanIsRight && (parentLength === 0 || parentLength === 8)) return undefined;
    // Names the span by what is safe to echo: its ids.
    const id = spanIsRight
      ? this.bytes.toString("hex", spanAt, spanAt + 8)
      : traceIsRight
        ? this.bytes.toString("hex", traceAt, traceAt + 16)
        : "";
    const named = id === "" ? "" : ` (first seen in ${id})`;
    if (!traceIsRight) return `trace_id must be 16 bytes, not all zero${named}`;
    if (!spanIsRight) return `span_id must be 8 bytes, not all zero${named}`;
    return `parent_span_id must be empty or 8 bytes${named}`;
  }
}
