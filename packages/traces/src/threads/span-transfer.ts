import { decodeOtlpProtobuf } from "../decode/otlp-protobuf.ts";
import { Numbering } from "../growing.ts";
import type {
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanKind,
  SpanRecord,
  StatusCode,
} from "../model.ts";
import { encodeBatch } from "../store/batch-encoding.ts";

/**
 * Traces on their way from a query thread. What spans share - attributes, texts, resources, scopes - goes once, and is one object
 * afterwards too; the rest are numbers. Objects of spans would cost more to copy than to make.
 */
export interface PackedTraces {
  /**
   * OTLP: a span whose attributes are the dictionary, then one for each pair of resource and scope. What is in it was checked when it
   * was stored.
   */
  dictionary: Uint8Array<ArrayBuffer>;
  texts: string[];
  /** Span and parent ids of all spans, 32 digits each; zeros for no parent. */
  ids: string;
  /** Of each span: start, end; then the times of its events. */
  times: BigUint64Array<ArrayBuffer>;
  /** Read in the order of `pack`. */
  numbers: Uint32Array<ArrayBuffer>;
}

const noParent = "0".repeat(16);
const carrier: SpanRecord = {
  traceId: "1".repeat(32),
  spanId: "1".repeat(16),
  parentSpanId: "",
  traceState: "",
  flags: 0,
  name: "",
  kind: 0,
  startUnixNano: 0n,
  endUnixNano: 0n,
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  statusCode: 0,
  statusMessage: "",
  resource: { attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
  scope: { name: "", version: "", attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
};

export function pack(traces: readonly (readonly SpanRecord[])[]): PackedTraces {
  const attributes = new Numbering<KeyValue>();
  const texts = new Numbering<string>();
  const origins = new Map<ResourceRecord, Map<ScopeRecord, number>>();
  const carriers: SpanRecord[] = [];
  const numbers: number[] = [traces.length];
  const times: bigint[] = [];
  const ids: string[] = [];
  const originOf = ({ resource, scope }: SpanRecord): number => {
    let scopes = origins.get(resource);
    if (scopes === undefined) origins.set(resource, (scopes = new Map()));
    let origin = scopes.get(scope);
    if (origin === undefined) {
      origin = carriers.push({ ...carrier, resource, scope }) - 1;
      scopes.set(scope, origin);
    }
    return origin;
  };
  const pushAttributes = (list: readonly KeyValue[], dropped: number): void => {
    numbers.push(dropped, list.length);
    for (const attribute of list) numbers.push(attributes.of(attribute));
  };
  for (const spans of traces) {
    numbers.push(spans.length, texts.of(spans[0]?.traceId ?? ""));
    for (const span of spans) {
      ids.push(span.spanId, span.parentSpanId === "" ? noParent : span.parentSpanId);
      times.push(span.startUnixNano, span.endUnixNano);
      numbers.push(
        texts.of(span.name),
        texts.of(span.traceState),
        texts.of(span.statusMessage),
        span.kind * 4 + span.statusCode,
        span.flags,
        originOf(span),
      );
      pushAttributes(span.attributes, span.droppedAttributesCount);
      numbers.push(span.droppedEventsCount, span.events.length);
      for (const event of span.events) {
        times.push(event.timeUnixNano);
        numbers.push(texts.of(event.name));
        pushAttributes(event.attributes, event.droppedAttributesCount);
      }
      numbers.push(span.droppedLinksCount, span.links.length);
      for (const link of span.links) {
        numbers.push(texts.of(link.traceId), texts.of(link.spanId), texts.of(link.traceState), link.flags);
        pushAttributes(link.attributes, link.droppedAttributesCount);
      }
    }
  }
  return {
    dictionary: encodeBatch([{ ...carrier, attributes: attributes.values }, ...carriers]),
    texts: texts.values,
    ids: ids.join(""),
    times: BigUint64Array.from(times),
    numbers: Uint32Array.from(numbers),
  };
}

export function unpack({ dictionary, texts, ids, times, numbers }: PackedTraces): SpanRecord[][] {
  const [shared, ...origins] = decodeOtlpProtobuf(dictionary).spans;
  const attributes = shared?.attributes ?? [];
  let number = 0;
  let time = 0;
  let id = 0;
  const next = (): number => numbers[number++] ?? 0;
  const nextTime = (): bigint => times[time++] ?? 0n;
  const nextText = (): string => texts[next()] ?? "";
  const nextId = (): string => ids.slice(id, (id += 16));
  const nextAttributes = (): KeyValue[] => {
    const list: KeyValue[] = [];
    for (let left = next(); left > 0; left--) list.push(attributes[next()] as KeyValue);
    return list;
  };
  const event = (): EventRecord => {
    const timeUnixNano = nextTime();
    const name = nextText();
    const droppedAttributesCount = next();
    return { timeUnixNano, name, attributes: nextAttributes(), droppedAttributesCount };
  };
  const link = (): LinkRecord => {
    const [traceId, spanId, traceState] = [nextText(), nextText(), nextText()];
    const flags = next();
    const droppedAttributesCount = next();
    return { traceId, spanId, traceState, attributes: nextAttributes(), droppedAttributesCount, flags };
  };
  const span = (traceId: string): SpanRecord => {
    const spanId = nextId();
    const parent = nextId();
    const startUnixNano = nextTime();
    const endUnixNano = nextTime();
    const name = nextText();
    const traceState = nextText();
    const statusMessage = nextText();
    const kindStatus = next();
    const flags = next();
    const { resource, scope } = origins[next()] as SpanRecord;
    const droppedAttributesCount = next();
    const own = nextAttributes();
    const droppedEventsCount = next();
    const events = Array.from({ length: next() }, event);
    const droppedLinksCount = next();
    const links = Array.from({ length: next() }, link);
    return {
      traceId,
      spanId,
      parentSpanId: parent === noParent ? "" : parent,
      traceState,
      flags,
      name,
      kind: (kindStatus >> 2) as SpanKind,
      startUnixNano,
      endUnixNano,
      attributes: own,
      droppedAttributesCount,
      events,
      droppedEventsCount,
      links,
      droppedLinksCount,
      statusCode: (kindStatus & 3) as StatusCode,
      statusMessage,
      resource,
      scope,
    };
  };
  return Array.from({ length: next() }, () => {
    const length = next();
    const traceId = nextText();
    return Array.from({ length }, () => span(traceId));
  });
}
