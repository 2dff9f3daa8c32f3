import type { Attribute } from "@throughline/api";
import {
  attributeTypes,
  type DetailColumns,
  type StructureColumns,
  type TraceHead,
} from "@throughline/api/trace-columns";
import { hexAt, startOf } from "./columns.ts";

/** Of one span, beside what the timeline knows. */
export interface SpanDetails {
  /** Empty for a root. */
  parentSpanId: string;
  statusMessage: string;
  attributes: Attribute[];
  events: { name: string; offsetNs: number; attributes: Attribute[] }[];
  links: { traceId: string; spanId: string; attributes: Attribute[] }[];
  resource: Attribute[];
  scope: { name: string; version: string };
}

const decoder = new TextDecoder();
const noParent = "0".repeat(16);

/** Read when a span is looked at: most never are. */
export function spanDetails(
  head: TraceHead,
  structure: StructureColumns,
  details: DetailColumns,
  at: number,
): SpanDetails {
  const list = (ends: Uint32Array, numbers: Uint32Array, of: number): Attribute[] =>
    Array.from(numbers.subarray(startOf(ends, of), ends[of]), (number) => attributeAt(head, details, number));
  const parent = hexAt(details.parentIds, at * 8, 8);
  return {
    parentSpanId: parent === noParent ? "" : parent,
    statusMessage: head.messages[details.messages[at] ?? 0] ?? "",
    attributes: list(details.attributeEnds, details.attributes, at),
    events: range(structure.eventEnds, at).map((event) => ({
      name: head.eventNames[details.eventNames[event] ?? 0] ?? "",
      offsetNs: structure.eventTimes[event] ?? 0,
      attributes: list(details.eventAttributeEnds, details.eventAttributes, event),
    })),
    links: range(structure.linkEnds, at).map((link) => ({
      traceId: hexAt(details.linkIds, link * 24, 16),
      spanId: hexAt(details.linkIds, link * 24 + 16, 8),
      attributes: list(details.linkAttributeEnds, details.linkAttributes, link),
    })),
    resource: list(details.resourceEnds, details.resourceAttributes, details.resources[at] ?? 0),
    scope: head.scopes[details.scopes[at] ?? 0] ?? { name: "", version: "" },
  };
}

export function attributeText(details: DetailColumns, number: number): string {
  const { valueEnds, values } = details;
  return decoder.decode(values.subarray(startOf(valueEnds, number), valueEnds[number]));
}

function attributeAt(head: TraceHead, details: DetailColumns, number: number): Attribute {
  const type = attributeTypes[details.types[number] ?? 0] ?? "empty";
  const text = attributeText(details, number);
  const value: unknown = type === "string" ? text : JSON.parse(text);
  return { key: head.keys[details.keys[number] ?? 0] ?? "", type, value };
}

function range(ends: Uint32Array, at: number): number[] {
  const from = startOf(ends, at);
  return Array.from({ length: (ends[at] ?? from) - from }, (_, index) => from + index);
}
