import { type HrTime, type Link, type SpanContext, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace";
import type { Redactor } from "@throughline/redaction";
import { keptTraceState } from "../sampling/kept.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import { type KeptReason, otlpFlags, slowKey } from "./span-batch.ts";

const sampledFlag = 1;
const keysKnown = 4_096;
/** Longer values are not expected to come again; they would only fill the memory. */
const repeatedAtMost = 256;
const nothing = new Uint8Array();

/** An attribute key, encoded, and the value it had twice in a row: KeyValue's fields, empty where the value is dropped. */
interface KnownKey {
  keyBytes: Uint8Array;
  value: string | undefined;
  bytes: Uint8Array;
  before: string | undefined;
}

/** Redacts and encodes spans of one resource. */
export class ProtobufSpanEncoder {
  /** The request's first field of ResourceSpans. */
  readonly resource: Uint8Array;
  private readonly redactor: Redactor;
  private readonly keys = new Map<string, KnownKey>();
  private readonly spare: ProtobufWriter[] = [];
  private state: { of: SpanContext["traceState"]; text: string } = { of: undefined, text: "" };

  constructor(redactor: Redactor, resourceAttributes: Readonly<Record<string, unknown>>) {
    this.redactor = redactor;
    const writer = new ProtobufWriter();
    this.attributes(writer, 1, resourceAttributes);
    writer.close(1, 0);
    this.resource = writer.copy();
  }

  takeWriter(): ProtobufWriter {
    return this.spare.pop() ?? new ProtobufWriter();
  }

  recycle(writer: ProtobufWriter): void {
    // A batch of huge spans should not keep its memory for ever.
    if (this.spare.length >= 4 || writer.capacity > 4 * 1024 * 1024) return;
    writer.reset();
    this.spare.push(writer);
  }

  write(writer: ProtobufWriter, span: ReadableSpan, isSlow: boolean, kept: KeptReason | undefined): void {
    const context = span.spanContext();
    // First, so that its value is the last byte of the span: a trace that turns out slow is tagged in place.
    this.attribute(writer, 9, slowKey, isSlow);
    if (kept !== undefined) this.attribute(writer, 9, "sampling.reason", kept);
    const flags = kept === undefined ? context.traceFlags : context.traceFlags | sampledFlag;
    writer.fixed32(16, otlpFlags(flags, span.parentSpanContext?.isRemote));
    const { code, message } = span.status;
    const statusEnd = writer.mark();
    if (code !== SpanStatusCode.UNSET) writer.uint(3, code);
    if (message !== undefined && message !== "") writer.string(2, this.redactor.text(message));
    writer.close(15, statusEnd);
    if (span.droppedLinksCount > 0) writer.uint(14, span.droppedLinksCount);
    for (let at = span.links.length - 1; at >= 0; at--) this.link(writer, span.links[at]);
    if (span.droppedEventsCount > 0) writer.uint(12, span.droppedEventsCount);
    for (let at = span.events.length - 1; at >= 0; at--) this.event(writer, span.events[at]);
    if (span.droppedAttributesCount > 0) writer.uint(10, span.droppedAttributesCount);
    this.attributes(writer, 9, span.attributes);
    this.time(writer, 8, span.endTime);
    this.time(writer, 7, span.startTime);
    // The API counts kinds from INTERNAL = 0, OTLP from UNSPECIFIED = 0.
    writer.uint(6, span.kind + 1);
    writer.string(5, this.redactor.text(span.name));
    if (span.parentSpanContext !== undefined) writer.hex(4, span.parentSpanContext.spanId);
    const state =
      kept === undefined ? this.stateText(context.traceState) : keptTraceState(context.traceState);
    if (state !== "") writer.string(3, state);
    writer.hex(2, context.spanId);
    writer.hex(1, context.traceId);
  }

  private time(writer: ProtobufWriter, field: number, [seconds, nanoseconds]: HrTime): void {
    writer.nanos(field, seconds, nanoseconds);
  }

  private event(writer: ProtobufWriter, event: TimedEvent | undefined): void {
    if (event === undefined) return;
    const end = writer.mark();
    if (event.droppedAttributesCount) writer.uint(4, event.droppedAttributesCount);
    if (event.attributes !== undefined) this.attributes(writer, 3, event.attributes);
    writer.string(2, this.redactor.text(event.name));
    this.time(writer, 1, event.time);
    writer.close(11, end);
  }

  private link(writer: ProtobufWriter, link: Link | undefined): void {
    if (link === undefined) return;
    const end = writer.mark();
    writer.fixed32(6, otlpFlags(link.context.traceFlags, link.context.isRemote));
    if (link.droppedAttributesCount) writer.uint(5, link.droppedAttributesCount);
    if (link.attributes !== undefined) this.attributes(writer, 4, link.attributes);
    const state = this.stateText(link.context.traceState);
    if (state !== "") writer.string(3, state);
    writer.hex(2, link.context.spanId);
    writer.hex(1, link.context.traceId);
    writer.close(13, end);
  }

  private attributes(
    writer: ProtobufWriter,
    field: number,
    attributes: Readonly<Record<string, unknown>>,
  ): void {
    const keys = Object.keys(attributes);
    for (let at = keys.length - 1; at >= 0; at--) {
      const key = keys[at] ?? "";
      if (key !== slowKey) this.attribute(writer, field, key, attributes[key]);
    }
  }

  private attribute(writer: ProtobufWriter, field: number, key: string, value: unknown): void {
    const known = this.keyOf(key);
    const end = writer.mark();
    // Most values of a key are the one it had before: redacted and encoded once.
    if (typeof value === "string" && value === known.value) {
      if (known.bytes.length === 0) return;
      writer.raw(known.bytes);
      writer.close(field, end);
      return;
    }
    const clean = this.clean(key, value);
    if (clean !== undefined) {
      this.value(writer, clean);
      writer.close(2, end);
      writer.raw(known.keyBytes);
    }
    if (typeof value === "string" && value.length <= repeatedAtMost) {
      // Kept when it comes a second time: ids come once.
      if (value === known.before) {
        known.value = value;
        known.bytes = clean === undefined ? nothing : writer.copy(end);
      } else known.before = value;
    }
    if (clean !== undefined) writer.close(field, end);
  }

  private clean(key: string, value: unknown): unknown {
    if (typeof value === "string") return this.redactor.string(key, value);
    if (typeof value === "number" || typeof value === "boolean") return value;
    return this.redactor.value(key, value);
  }

  /** AnyValue: whole numbers are int64, others double; what is none of its kinds is the empty value. What comes here is clean and without cycles. */
  private value(writer: ProtobufWriter, value: unknown): void {
    if (typeof value === "string") writer.string(1, value);
    else if (typeof value === "boolean") writer.uint(2, value ? 1 : 0);
    else if (typeof value === "number") {
      if (Number.isSafeInteger(value)) writer.int(3, value);
      else writer.double(4, value);
    } else if (typeof value === "bigint") {
      // int64 where it fits; what is larger keeps its digits.
      if (BigInt.asIntN(64, value) === value) writer.bigInt(3, value);
      else writer.string(1, String(value));
    } else if (typeof value === "object" && value !== null) this.structure(writer, value);
  }

  private structure(writer: ProtobufWriter, value: object): void {
    if (value instanceof Uint8Array) {
      writer.lengthDelimited(7, value);
      return;
    }
    const end = writer.mark();
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at--) {
        const item = writer.mark();
        this.value(writer, value[at]);
        writer.close(1, item);
      }
      writer.close(5, end);
      return;
    }
    for (const [key, item] of Object.entries(value).reverse()) {
      const entry = writer.mark();
      this.value(writer, item);
      writer.close(2, entry);
      writer.string(1, key);
      writer.close(1, entry);
    }
    writer.close(6, end);
  }

  private keyOf(key: string): KnownKey {
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    const writer = new ProtobufWriter();
    writer.string(1, this.redactor.key(key));
    const fresh = { keyBytes: writer.copy(), value: undefined, bytes: nothing, before: undefined };
    if (this.keys.size >= keysKnown) this.keys.clear();
    this.keys.set(key, fresh);
    return fresh;
  }

  /** Spans of one trace share their state: the last one's text is kept. */
  private stateText(state: SpanContext["traceState"]): string {
    if (state === undefined) return "";
    if (this.state.of !== state) this.state = { of: state, text: state.serialize() };
    return this.state.text;
  }
}
