import { z } from "zod";
import { traceSummary } from "./traces.ts";

/**
 * One trace as columns: what `GET /api/throughline/traces/{traceId}` answers to `Accept: application/vnd.throughline.trace-columns`.
 * A trace of 100,000 spans is typed arrays as it arrives, where its JSON would be parsed for a second.
 *
 * Little-endian. Four bytes `TLTC`; u32 version, 1; u32 length of the head; u32 0; the head, JSON in UTF-8; then the columns in the order
 * of `structureColumns` and `detailColumns`, each as long as the head's `lengths` says. Head and columns are padded to whole 8 bytes.
 * Spans stand parent before child, siblings by start. A column of ends has, for each entry, where its part of the list behind ends; it
 * begins where the one before it ended. `TraceHead` and the comments below say what the numbers mean; a part that is missing, cut off or
 * points outside its list makes the answer invalid.
 *
 * `?part=structure` answers the columns of the structure alone, `?part=details` those of the details with the spans' ids: the others, and what
 * of the head belongs to them, are empty. So a large trace is drawn before the larger part of it is made. Spans may come between the two: then
 * their ids differ.
 */
export const traceColumnsType = "application/vnd.throughline.trace-columns";
const magic = 0x4354_4c54;
const version = 1;
const prefixBytes = 16;

/** What a timeline draws. */
export const structureColumns = {
  /** Nanoseconds after the trace's start; duration 0 for a span that ends before it starts. */
  starts: "f64",
  durations: "f64",
  /** Index of the parent, -1 for a root. */
  parents: "i32",
  depths: "i32",
  /** Index in `names`, `services`, `clocks` of the head. */
  names: "u32",
  services: "u32",
  clocks: "u32",
  /** OTLP's kind + 16 x OTLP's status. */
  kindStatus: "u8",
  /** 1: the parent is named but not among the spans. 2: the span ended before it started. */
  flags: "u8",
  /** 8 bytes each. */
  spanIds: "u8",
  eventEnds: "u32",
  /** Nanoseconds after the trace's start, by time within a span. */
  eventTimes: "f64",
  linkEnds: "u32",
} as const;

/** What is read of one span when it is looked at. */
export const detailColumns = {
  /** 8 bytes each; zeros for none. */
  parentIds: "u8",
  /** Index in `messages` and `scopes` of the head. */
  messages: "u32",
  scopes: "u32",
  resources: "u32",
  /** Lists of attributes by their numbers. */
  attributeEnds: "u32",
  attributes: "u32",
  resourceEnds: "u32",
  resourceAttributes: "u32",
  /** Index in `eventNames` of the head. */
  eventNames: "u32",
  eventAttributeEnds: "u32",
  eventAttributes: "u32",
  /** 16 bytes of the trace's id and 8 of the span's. */
  linkIds: "u8",
  linkAttributeEnds: "u32",
  linkAttributes: "u32",
  /** Attributes, each once: index in `keys` of the head, in `attributeTypes`, and the end of its value. */
  keys: "u32",
  types: "u8",
  valueEnds: "u32",
  /** UTF-8: a string as it is, everything else as JSON. */
  values: "u8",
} as const;

export const attributeTypes = ["string", "bool", "int", "double", "bytes", "array", "map", "empty"] as const;

const kinds = { u8: Uint8Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;
type Kind = keyof typeof kinds;
type ArrayOf<K extends Kind> = InstanceType<(typeof kinds)[K]> & { buffer: ArrayBuffer };
type Columns<C extends Record<string, Kind>> = { [Name in keyof C]: ArrayOf<C[Name]> };
export type StructureColumns = Columns<typeof structureColumns>;
export type DetailColumns = Columns<typeof detailColumns>;

const texts = z.array(z.string());
const traceHead = z.object({
  summary: traceSummary,
  /** The span that `summary.firstError` tells of; -1 for none. */
  firstError: z.number().int(),
  names: texts,
  services: texts,
  /** What has a clock of its own: a host, else an instance of a service, else a service. */
  clocks: texts,
  messages: texts,
  eventNames: texts,
  keys: texts,
  scopes: z.array(z.object({ name: z.string(), version: z.string() })),
  /** Of the columns, in their order. */
  lengths: z.array(z.number().int().nonnegative()),
});
export type TracePart = "structure" | "details" | "all";
export type TraceHead = Omit<z.infer<typeof traceHead>, "lengths">;

const structureKinds: readonly Kind[] = Object.values(structureColumns);
const allKinds: readonly Kind[] = [...structureKinds, ...Object.values(detailColumns)];

const none = new Uint8Array(0);

/** The answer, in pieces; columns that are not given are empty. */
export function writeTraceColumns(
  head: TraceHead,
  structure: Partial<StructureColumns>,
  details: Partial<DetailColumns>,
): Uint8Array<ArrayBuffer>[] {
  const columns = [
    ...namesOf(structureColumns).map((name) => structure[name] ?? none),
    ...namesOf(detailColumns).map((name) => details[name] ?? none),
  ];
  const text = new TextEncoder().encode(
    JSON.stringify({ ...head, lengths: columns.map(({ length }) => length) }),
  );
  const first = new Uint8Array(prefixBytes + padded(text.length));
  const prefix = new DataView(first.buffer);
  prefix.setUint32(0, magic, true);
  prefix.setUint32(4, version, true);
  prefix.setUint32(8, text.length, true);
  first.set(text, prefixBytes);
  const pieces = [first];
  for (const column of columns) {
    const { byteLength } = column;
    if (byteLength === 0) continue;
    const whole = byteLength % 8 === 0;
    const bytes = new Uint8Array(column.buffer, column.byteOffset, byteLength);
    pieces.push(whole ? bytes : extended(bytes));
  }
  return pieces;
}

/** What is wrong with an answer that is not such columns. */
export class TraceColumnsError extends Error {
  override readonly name = "TraceColumnsError";
}

/** Head and structure; the columns are views of `bytes`, which begins where its buffer does. Throws TraceColumnsError. */
export function readStructure(bytes: Uint8Array<ArrayBuffer>): {
  head: TraceHead;
  structure: StructureColumns;
} {
  const { head, lengths, from, structureEnd: end } = present(readHead(bytes));
  if (bytes.length < end) throw new TraceColumnsError("the structure is cut off");
  const structure = views(bytes, structureColumns, lengths, 0, from) as StructureColumns;
  check(head, structure);
  return { head, structure };
}

/** What `readStructure` leaves, and the ids of the spans that it is of. Throws TraceColumnsError. */
export function readDetails(bytes: Uint8Array<ArrayBuffer>): {
  head: TraceHead;
  details: DetailColumns;
  spanIds: Uint8Array;
} {
  const { head, lengths, from, structureEnd: middle, end } = present(readHead(bytes));
  if (bytes.length < end) throw new TraceColumnsError("the answer is cut off");
  const { spanIds } = views(bytes, structureColumns, lengths, 0, from) as StructureColumns;
  const details = views(bytes, detailColumns, lengths, structureKinds.length, middle) as DetailColumns;
  return { head, details, spanIds };
}

interface Head {
  head: TraceHead;
  lengths: readonly number[];
  from: number;
  structureEnd: number;
  end: number;
}

function readHead(bytes: Uint8Array<ArrayBuffer>): Head | undefined {
  if (bytes.length < prefixBytes) return undefined;
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  if (prefix.getUint32(0, true) !== magic) throw new TraceColumnsError("it does not begin as one");
  const found = prefix.getUint32(4, true);
  if (found !== version) throw new TraceColumnsError(`version ${found} is not known`);
  const length = prefix.getUint32(8, true);
  const from = prefixBytes + padded(length);
  if (bytes.length < from) return undefined;
  const parsed = traceHead.safeParse(
    JSON.parse(new TextDecoder().decode(bytes.subarray(prefixBytes, prefixBytes + length))),
  );
  if (!parsed.success) throw new TraceColumnsError("its head is of another form");
  const { lengths, ...head } = parsed.data;
  if (lengths.length !== allKinds.length) throw new TraceColumnsError("columns are missing");
  const ends = (kindsOf: readonly Kind[]): number =>
    kindsOf.reduce(
      (at, kind, index) => at + padded((lengths[index] ?? 0) * kinds[kind].BYTES_PER_ELEMENT),
      from,
    );
  return { head, lengths, from, structureEnd: ends(structureKinds), end: ends(allKinds) };
}

function views(
  bytes: Uint8Array<ArrayBuffer>,
  columns: Record<string, Kind>,
  lengths: readonly number[],
  firstLength: number,
  from: number,
): Record<string, ArrayOf<Kind>> {
  let at = bytes.byteOffset + from;
  return Object.fromEntries(
    Object.entries(columns).map(([name, kind], index) => {
      const length = lengths[firstLength + index] ?? 0;
      const view = new kinds[kind](bytes.buffer, at, length);
      at += padded(view.byteLength);
      return [name, view];
    }),
  );
}

/** So that no loop over the columns leaves them, or never ends. */
function check(head: TraceHead, structure: StructureColumns): void {
  const count = structure.starts.length;
  const { parents, depths, names, services, clocks, eventEnds, linkEnds } = structure;
  for (const column of [structure.durations, parents, depths, names, services, clocks, eventEnds, linkEnds])
    if (column.length !== count) throw new TraceColumnsError("columns are of different lengths");
  if (structure.spanIds.length !== count * 8) throw new TraceColumnsError("span ids are missing");
  for (let at = 0; at < count; at++) {
    const parent = parents[at] ?? -1;
    const depth = parent < 0 ? 0 : (depths[parent] ?? 0) + 1;
    if (parent >= at || depths[at] !== depth) throw new TraceColumnsError("its spans are no tree");
    if (
      (names[at] ?? 0) >= head.names.length ||
      (services[at] ?? 0) >= head.services.length ||
      (clocks[at] ?? 0) >= head.clocks.length
    )
      throw new TraceColumnsError("a name is missing");
  }
}

function present(head: Head | undefined): Head {
  if (head === undefined) throw new TraceColumnsError("the head is cut off");
  return head;
}

function namesOf<C extends object>(columns: C): (keyof C)[] {
  return Object.keys(columns) as (keyof C)[];
}

function extended(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  return whole;
}

function padded(length: number): number {
  return (length + 7) & ~7;
}
