import {
  attributeTypes,
  type DetailColumns,
  type StructureColumns,
  type TraceHead,
  type TracePart,
  writeTraceColumns,
} from "@throughline/api/trace-columns";
import { textOf } from "../../analyse/attributes.ts";
import { firstErrorOf } from "../../analyse/first-error.ts";
import { summarise } from "../../analyse/summary.ts";
import { extent } from "../../analyse/timing.ts";
import { buildTree, type SpanTree } from "../../analyse/tree.ts";
import {
  type EventRecord,
  type KeyValue,
  type ResourceRecord,
  type ScopeRecord,
  serviceName,
  type SpanRecord,
} from "../../model.ts";
import { hostOf } from "../../query/clock-skew.ts";
import { IdIndex } from "../../query/id-index.ts";
import { withUniqueIds } from "../../query/unique-ids.ts";
import { plainJson } from "../json-value.ts";
import { GrowingBytes, GrowingNumbers, Numbering } from "../../growing.ts";

const flag = { parentMissing: 1, endsBeforeStart: 2 } as const;
const noParent = "0".repeat(16);
const noEvents: readonly EventRecord[] = [];

/** One trace in the form of `trace-columns.ts` of `@throughline/api`. */
export function traceColumns(
  trace: readonly SpanRecord[],
  part: TracePart = "all",
): Uint8Array<ArrayBuffer>[] {
  const ids = new IdIndex(trace);
  const spans = withUniqueIds(trace, ids);
  const tree = buildTree(spans, spans === trace ? ids : undefined);
  const error = firstErrorOf(tree);
  const names = new Numbering<string>();
  const origins = new Origins();
  const structure =
    part === "details"
      ? { spanIds: idBytes(tree.spans, ({ spanId }) => spanId) }
      : structureOf(tree, names, origins);
  const { details, lists } = part === "structure" ? noDetails : detailsOf(tree.spans, origins);
  const head: TraceHead = {
    summary: summarise(tree),
    firstError: error === undefined ? -1 : tree.spans.indexOf(error),
    names: names.values,
    services: origins.services.values,
    clocks: origins.clocks.values,
    ...lists,
  };
  return writeTraceColumns(head, structure, details);
}

const noDetails = {
  details: {},
  lists: { messages: [], eventNames: [], scopes: [], keys: [] },
};

interface Origin {
  service: number;
  clock: number;
  resource: number;
}

/** What spans have of their resource, found once for each. */
class Origins {
  readonly services = new Numbering<string>();
  readonly clocks = new Numbering<string>();
  readonly resources = new Numbering<ResourceRecord>();
  private readonly found = new Map<ResourceRecord, Origin>();

  of(resource: ResourceRecord): Origin {
    let origin = this.found.get(resource);
    if (origin === undefined) {
      const service = serviceName(resource);
      origin = {
        service: this.services.of(service),
        clock: this.clocks.of(clockOf(resource, service)),
        resource: this.resources.of(resource),
      };
      this.found.set(resource, origin);
    }
    return origin;
  }
}

function clockOf(resource: ResourceRecord, service: string): string {
  const host = hostOf(resource);
  if (host !== "") return host;
  const instance = textOf(resource.attributes, "service.instance.id");
  return instance === undefined ? service : `${service} ${instance}`;
}

function structureOf(
  { spans, parents, depths }: SpanTree,
  names: Numbering<string>,
  origins: Origins,
): StructureColumns {
  const { start: first } = extent(spans);
  const isMissing = missingParents(spans, parents);
  const count = spans.length;
  const events = spans.reduce((sum, span) => sum + span.events.length, 0);
  const columns: StructureColumns = {
    starts: new Float64Array(count),
    durations: new Float64Array(count),
    parents,
    depths,
    names: new Uint32Array(count),
    services: new Uint32Array(count),
    clocks: new Uint32Array(count),
    kindStatus: new Uint8Array(count),
    flags: new Uint8Array(count),
    spanIds: idBytes(spans, ({ spanId }) => spanId),
    eventEnds: new Uint32Array(count),
    eventTimes: new Float64Array(events),
    linkEnds: new Uint32Array(count),
  };
  let event = 0;
  let link = 0;
  for (let at = 0; at < count; at++) {
    const span = spans[at] as SpanRecord;
    const { service, clock } = origins.of(span.resource);
    columns.starts[at] = Number(span.startUnixNano - first);
    const isBackwards = span.endUnixNano < span.startUnixNano;
    columns.durations[at] = isBackwards ? 0 : Number(span.endUnixNano - span.startUnixNano);
    columns.names[at] = names.of(span.name);
    columns.services[at] = service;
    columns.clocks[at] = clock;
    columns.kindStatus[at] = span.kind | (span.statusCode << 4);
    columns.flags[at] = (isMissing(at) ? flag.parentMissing : 0) | (isBackwards ? flag.endsBeforeStart : 0);
    for (const { timeUnixNano } of byTime(span.events))
      columns.eventTimes[event++] = Number(timeUnixNano - first);
    columns.eventEnds[at] = event;
    columns.linkEnds[at] = link += span.links.length;
  }
  return columns;
}

/** A root that names a parent: none is there, or the two are a cycle. */
function missingParents(spans: readonly SpanRecord[], parents: Int32Array): (at: number) => boolean {
  let ids: IdIndex | undefined;
  return (at) => {
    const parent = spans[at]?.parentSpanId ?? "";
    if (parents[at] !== -1 || parent === "") return false;
    ids ??= new IdIndex(spans);
    return ids.firstOf(parent) < 0;
  };
}

function detailsOf(spans: readonly SpanRecord[], origins: Origins) {
  const dictionary = new Attributes();
  const messages = new Numbering<string>();
  const eventNames = new Numbering<string>();
  const scopes = new Numbering<ScopeRecord>();
  const count = spans.length;
  const links = spans.reduce((sum, span) => sum + span.links.length, 0);
  const linkIds = new Uint8Array(links * 24);
  const writeLink = hexWriter(linkIds);
  const column = { messages: new Uint32Array(count), scopes: new Uint32Array(count) };
  const resources = new Uint32Array(count);
  const own = new AttributeLists(dictionary, count);
  const ofEvents = new AttributeLists(dictionary);
  const ofLinks = new AttributeLists(dictionary);
  const names = new GrowingNumbers();
  let link = 0;
  for (let at = 0; at < count; at++) {
    const span = spans[at] as SpanRecord;
    column.messages[at] = messages.of(span.statusMessage);
    column.scopes[at] = scopes.of(span.scope);
    resources[at] = origins.of(span.resource).resource;
    own.add(span.attributes);
    for (const event of byTime(span.events)) {
      names.push(eventNames.of(event.name));
      ofEvents.add(event.attributes);
    }
    for (const { traceId, spanId, attributes } of span.links) {
      writeLink(traceId, link * 24);
      writeLink(spanId, link * 24 + 16);
      ofLinks.add(attributes);
      link++;
    }
  }
  const ofResources = new AttributeLists(dictionary);
  for (const { attributes } of origins.resources.values) ofResources.add(attributes);
  const details: DetailColumns = {
    parentIds: idBytes(spans, ({ parentSpanId }) => (parentSpanId === "" ? noParent : parentSpanId)),
    ...column,
    resources,
    attributeEnds: own.ends.taken(),
    attributes: own.numbers.taken(),
    resourceEnds: ofResources.ends.taken(),
    resourceAttributes: ofResources.numbers.taken(),
    eventNames: names.taken(),
    eventAttributeEnds: ofEvents.ends.taken(),
    eventAttributes: ofEvents.numbers.taken(),
    linkIds,
    linkAttributeEnds: ofLinks.ends.taken(),
    linkAttributes: ofLinks.numbers.taken(),
    ...dictionary.columns(),
  };
  const lists = {
    messages: messages.values,
    eventNames: eventNames.values,
    scopes: scopes.values.map(({ name, version }) => ({ name, version })),
    keys: dictionary.keys.values,
  };
  return { details, lists };
}

/** Attributes, each once: spans share theirs as objects. */
class Attributes {
  readonly keys = new Numbering<string>();
  private readonly known = new Numbering<KeyValue>();
  private readonly keyNumbers = new GrowingNumbers();
  private readonly types: number[] = [];
  private readonly ends = new GrowingNumbers();
  private readonly bytes = new GrowingBytes();

  of(attribute: KeyValue): number {
    const number = this.known.of(attribute);
    if (number < this.types.length) return number;
    const { key, value } = attribute;
    this.keyNumbers.push(this.keys.of(key));
    this.types.push(attributeTypes.indexOf(value.type));
    this.bytes.push(value.type === "string" ? value.value : JSON.stringify(plainJson(value)));
    this.ends.push(this.bytes.length);
    return number;
  }

  columns(): Pick<DetailColumns, "keys" | "types" | "valueEnds" | "values"> {
    return {
      keys: this.keyNumbers.taken(),
      types: Uint8Array.from(this.types),
      valueEnds: this.ends.taken(),
      values: this.bytes.taken(),
    };
  }
}

class AttributeLists {
  readonly ends: GrowingNumbers;
  readonly numbers: GrowingNumbers;
  private readonly dictionary: Attributes;

  constructor(dictionary: Attributes, expected = 16) {
    this.dictionary = dictionary;
    this.ends = new GrowingNumbers(expected);
    this.numbers = new GrowingNumbers(expected * 8);
  }

  add(attributes: readonly KeyValue[]): void {
    for (const attribute of attributes) this.numbers.push(this.dictionary.of(attribute));
    this.ends.push(this.numbers.length);
  }
}

function byTime(events: readonly EventRecord[]): readonly EventRecord[] {
  if (events.length < 2) return events.length === 0 ? noEvents : events;
  return events.toSorted((a, b) => Number(a.timeUnixNano - b.timeUnixNano));
}

/** Ids of 16 digits as 8 bytes each, in one go: one by one they would cost more than all the rest of a span. */
function idBytes(spans: readonly SpanRecord[], idOf: (span: SpanRecord) => string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(spans.map(idOf).join(""), "hex"));
}

/** Writes hexadecimal digits at a place of the bytes. */
function hexWriter(bytes: Uint8Array): (hex: string, at: number) => void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (hex, at) => void buffer.write(hex, at, "hex");
}
