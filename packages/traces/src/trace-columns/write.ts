import {
  attributeTypes,
  type DetailColumns,
  type StructureColumns,
  type TraceHead,
  type TracePart,
  writeTraceColumns,
} from "@throughline/api/trace-columns";
import { textOf } from "../analyse/attributes.ts";
import { plainJson } from "../api/json-value.ts";
import { GrowingBytes, GrowingNumbers, Numbering } from "../growing.ts";
import { type ResourceRecord, type ScopeRecord, serviceName } from "../model.ts";
import { hostOf } from "../query/clock-skew.ts";
import { readValue, valueBytes, valueType } from "../store/head/value-bytes.ts";
import type { OrderedTrace } from "./order.ts";
import { extentOf, summariseColumns } from "./summary.ts";
import { type AttributeDictionary, AttributeLists, type TraceTable } from "./table.ts";
import { compareAt, differenceAt } from "./words.ts";

const flag = { parentMissing: 1, endsBeforeStart: 2 } as const;

/** One trace in the form of `trace-columns.ts` of `@throughline/api`. */
export function writeColumns(trace: OrderedTrace, part: TracePart): Uint8Array<ArrayBuffer>[] {
  const extent = extentOf(trace);
  const { summary, firstError } = summariseColumns(trace, extent);
  const names = new Renumbering<string>(trace.table.texts.values);
  const origins = new Origins(trace.table);
  const structure =
    part === "details"
      ? { spanIds: idsOf(trace, trace.table.spanIds) }
      : structureOf(trace, extent.start, names, origins);
  const { details, lists } = part === "structure" ? noDetails : detailsOf(trace, origins);
  const head: TraceHead = {
    summary,
    firstError,
    names: names.used,
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

/** Numbers of a list that holds more: those that are used count up from 0. */
class Renumbering<T> {
  readonly used: T[] = [];
  private readonly all: readonly T[];
  private readonly numbers: Int32Array;

  constructor(all: readonly T[]) {
    this.all = all;
    this.numbers = new Int32Array(all.length).fill(-1);
  }

  of(number: number): number {
    const known = this.numbers[number] ?? -1;
    if (known !== -1) return known;
    const value = this.all[number];
    if (value === undefined) throw new RangeError("no such entry");
    return (this.numbers[number] = this.used.push(value) - 1);
  }
}

interface Origin {
  service: number;
  clock: number;
  resource: number;
  scope: number;
}

/** What spans have of their origin, found once for each. */
class Origins {
  readonly services = new Numbering<string>();
  readonly clocks = new Numbering<string>();
  readonly resources = new Numbering<ResourceRecord>();
  readonly scopes = new Numbering<ScopeRecord>();
  private readonly table: TraceTable;
  private readonly found: Origin[] = [];

  constructor(table: TraceTable) {
    this.table = table;
  }

  of(row: number): Origin {
    const number = this.table.rowOrigins[row] ?? 0;
    return (this.found[number] ??= this.find(number));
  }

  private find(number: number): Origin {
    const origin = this.table.origins.values[number];
    if (origin === undefined) throw new RangeError("no such origin");
    const { resource, scope } = origin;
    const service = serviceName(resource);
    return {
      service: this.services.of(service),
      clock: this.clocks.of(clockOf(resource, service)),
      resource: this.resources.of(resource),
      scope: this.scopes.of(scope),
    };
  }
}

function clockOf(resource: ResourceRecord, service: string): string {
  const host = hostOf(resource);
  if (host !== "") return host;
  const instance = textOf(resource.attributes, "service.instance.id");
  return instance === undefined ? service : `${service} ${instance}`;
}

function structureOf(
  trace: OrderedTrace,
  first: Uint32Array,
  names: Renumbering<string>,
  origins: Origins,
): StructureColumns {
  const { table, rows, parents, depths, isParentMissing } = trace;
  const [low = 0, high = 0] = first;
  const count = rows.length;
  const columns = {
    starts: new Float64Array(count),
    durations: new Float64Array(count),
    parents,
    depths,
    names: new Uint32Array(count),
    services: new Uint32Array(count),
    clocks: new Uint32Array(count),
    kindStatus: new Uint8Array(count),
    flags: new Uint8Array(count),
    spanIds: idsOf(trace, table.spanIds),
    eventEnds: new Uint32Array(count),
    linkEnds: new Uint32Array(count),
  };
  const { starts, ends } = table;
  const times = table.eventTimes.view();
  const eventTimes: number[] = [];
  let link = 0;
  for (let at = 0; at < count; at++) {
    const row = rows[at] ?? 0;
    const { service, clock } = origins.of(row);
    columns.starts[at] = differenceAt(starts, row, low, high);
    const duration = differenceAt(ends, row, starts[row * 2] ?? 0, starts[row * 2 + 1] ?? 0);
    columns.durations[at] = duration < 0 ? 0 : duration;
    columns.names[at] = names.of(table.names[row] ?? 0);
    columns.services[at] = service;
    columns.clocks[at] = clock;
    columns.kindStatus[at] = table.kindStatus[row] ?? 0;
    columns.flags[at] =
      (isParentMissing[at] === 1 ? flag.parentMissing : 0) | (duration < 0 ? flag.endsBeforeStart : 0);
    for (const event of eventsOf(table, row)) eventTimes.push(differenceAt(times, event, low, high));
    columns.eventEnds[at] = eventTimes.length;
    columns.linkEnds[at] = link += (table.linkEnds[row] ?? 0) - startOf(table.linkEnds, row);
  }
  return { ...columns, eventTimes: Float64Array.from(eventTimes) };
}

function detailsOf(trace: OrderedTrace, origins: Origins) {
  const { table, rows, attributes } = trace;
  const { dictionary, linkAttributes, eventAttributes } = table;
  const messages = new Renumbering<string>(table.texts.values);
  const eventNames = new Renumbering<string>(table.texts.values);
  const count = rows.length;
  const column = {
    messages: new Uint32Array(count),
    scopes: new Uint32Array(count),
    resources: new Uint32Array(count),
  };
  const own = new AttributeLists(count, attributes.numbers.length);
  const ofEvents = new AttributeLists();
  const ofLinks = new AttributeLists();
  const names = new GrowingNumbers();
  const linkIds = new GrowingNumbers();
  for (let at = 0; at < count; at++) {
    const row = rows[at] ?? 0;
    const { resource, scope } = origins.of(row);
    column.messages[at] = messages.of(table.messages[row] ?? 0);
    column.scopes[at] = scope;
    column.resources[at] = resource;
    own.addOf(attributes, row);
    for (const event of eventsOf(table, row)) {
      names.push(eventNames.of(table.eventNames.get(event)));
      ofEvents.addOf(eventAttributes, event);
    }
    for (let link = startOf(table.linkEnds, row); link < (table.linkEnds[row] ?? 0); link++) {
      for (let word = link * 6; word < link * 6 + 6; word++) linkIds.push(table.linkIds.get(word));
      ofLinks.addOf(linkAttributes, link);
    }
  }
  const ofResources = new AttributeLists();
  for (const resource of origins.resources.values) {
    for (const { key, value } of resource.attributes) {
      const bytes = Buffer.from(valueBytes(value));
      ofResources.numbers.push(dictionary.add(dictionary.keys.of(key), bytes, 0, bytes.length));
    }
    ofResources.end();
  }
  const details: DetailColumns = {
    parentIds: idsOf(trace, table.parentIds),
    ...column,
    attributeEnds: own.ends.taken(),
    attributes: own.numbers.taken(),
    resourceEnds: ofResources.ends.taken(),
    resourceAttributes: ofResources.numbers.taken(),
    eventNames: names.taken(),
    eventAttributeEnds: ofEvents.ends.taken(),
    eventAttributes: ofEvents.numbers.taken(),
    linkIds: new Uint8Array(linkIds.taken().buffer),
    linkAttributeEnds: ofLinks.ends.taken(),
    linkAttributes: ofLinks.numbers.taken(),
    ...dictionaryColumns(dictionary),
  };
  const lists = {
    messages: messages.used,
    eventNames: eventNames.used,
    scopes: origins.scopes.values.map(({ name, version }) => ({ name, version })),
    keys: dictionary.keys.values,
  };
  return { details, lists };
}

function dictionaryColumns(
  dictionary: AttributeDictionary,
): Pick<DetailColumns, "keys" | "types" | "valueEnds" | "values"> {
  const { length } = dictionary;
  const keys = new Uint32Array(length);
  const types = new Uint8Array(length);
  const valueEnds = new Uint32Array(length);
  const values = new GrowingBytes();
  for (let number = 0; number < length; number++) {
    const bytes = dictionary.bytes(number);
    const start = dictionary.start(number);
    const end = dictionary.end(number);
    keys[number] = dictionary.key(number);
    if (bytes[start] === valueType.string) {
      types[number] = stringType;
      values.pushBytes(bytes, start + 1, end);
    } else {
      const value = readValue(bytes, start, end);
      types[number] = attributeTypes.indexOf(value.type);
      values.push(JSON.stringify(plainJson(value)));
    }
    valueEnds[number] = values.length;
  }
  return { keys, types, valueEnds, values: values.taken() };
}

const stringType = attributeTypes.indexOf("string");

/** The events of a row, by time. */
function eventsOf({ eventEnds, eventTimes }: TraceTable, row: number): readonly number[] {
  const from = startOf(eventEnds, row);
  const to = eventEnds[row] ?? 0;
  if (from === to) return noEvents;
  const events = Array.from({ length: to - from }, (_, index) => from + index);
  const times = eventTimes.view();
  return events.sort((a, b) => compareAt(times, a, b));
}

const noEvents: readonly number[] = [];

/** Ids in the trace's order, 8 bytes each. */
function idsOf({ rows }: OrderedTrace, words: Uint32Array): Uint8Array<ArrayBuffer> {
  const ids = new Uint32Array(rows.length * 2);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    ids[at * 2] = words[row * 2] ?? 0;
    ids[at * 2 + 1] = words[row * 2 + 1] ?? 0;
  }
  return new Uint8Array(ids.buffer);
}

function startOf(ends: Uint32Array, entry: number): number {
  return entry === 0 ? 0 : (ends[entry - 1] ?? 0);
}
