import type { SpanView, TraceView } from "@throughline/api";
import { attributeTypes, readDetails, readStructure } from "@throughline/api/trace-columns";
import { kindNames } from "../query/kinds.ts";

const statusNames = ["unset", "ok", "error"] as const;

/** For tests: spans as JSON has them, from columns. */
export function spansOfColumns(bytes: Uint8Array<ArrayBuffer>): Omit<SpanView, "selfNs">[] {
  const { head, structure } = readStructure(bytes);
  const { details } = readDetails(bytes);
  const hex = (column: Uint8Array, from: number, length: number) =>
    Buffer.from(column.subarray(from, from + length)).toString("hex");
  const part = (ends: Uint32Array, at: number) =>
    Array.from(
      { length: (ends[at] ?? 0) - (at === 0 ? 0 : (ends[at - 1] ?? 0)) },
      (_, index) => (at === 0 ? 0 : (ends[at - 1] ?? 0)) + index,
    );
  const attribute = (number: number): SpanView["attributes"][number] => {
    const [value = 0] = part(details.valueEnds, number);
    const bytesOf = Buffer.from(details.values.subarray(value, details.valueEnds[number]));
    const written = part(details.valueEnds, number).length === 0 ? "" : bytesOf.toString("utf8");
    const type = attributeTypes[details.types[number] ?? 0] ?? "empty";
    const key = head.keys[details.keys[number] ?? 0] ?? "";
    return { key, type, value: type === "string" ? written : (JSON.parse(written) as unknown) };
  };
  const list = (ends: Uint32Array, numbers: Uint32Array, at: number) =>
    part(ends, at).map((place) => attribute(numbers[place] ?? 0));
  return Array.from(structure.starts, (startOffsetNs, at) => {
    const parent = hex(details.parentIds, at * 8, 8);
    return {
      spanId: hex(structure.spanIds, at * 8, 8),
      parentSpanId: /^0+$/.test(parent) ? null : parent,
      parentMissing: ((structure.flags[at] ?? 0) & 1) !== 0,
      name: head.names[structure.names[at] ?? 0] ?? "",
      service: head.services[structure.services[at] ?? 0] ?? "",
      kind: kindNames[((structure.kindStatus[at] ?? 0) & 15) as 0],
      startOffsetNs,
      durationNs: structure.durations[at] ?? 0,
      depth: structure.depths[at] ?? 0,
      status: statusNames[(structure.kindStatus[at] ?? 0) >> 4] ?? "unset",
      statusMessage: head.messages[details.messages[at] ?? 0] ?? "",
      events: part(structure.eventEnds, at).map((event) => ({
        name: head.eventNames[details.eventNames[event] ?? 0] ?? "",
        offsetNs: structure.eventTimes[event] ?? 0,
        attributes: list(details.eventAttributeEnds, details.eventAttributes, event),
      })),
      links: part(structure.linkEnds, at).map((link) => ({
        traceId: hex(details.linkIds, link * 24, 16),
        spanId: hex(details.linkIds, link * 24 + 16, 8),
        attributes: list(details.linkAttributeEnds, details.linkAttributes, link),
      })),
      scope: head.scopes[details.scopes[at] ?? 0] ?? { name: "", version: "" },
      attributes: list(details.attributeEnds, details.attributes, at),
      resource: list(details.resourceEnds, details.resourceAttributes, details.resources[at] ?? 0),
    };
  });
}

/** For tests: what of the JSON's spans is in columns. */
export const spansOfView = ({ spans }: TraceView) =>
  spans.map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => name !== "selfNs")));
