import type { SpanView, TraceView } from "@throughline/api";
import {
  attributeTypes,
  readDetails,
  readStructure,
  TraceColumnsError,
  traceColumnsType,
} from "@throughline/api/trace-columns";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import { anySpan, exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { serverOver } from "../stored-traces.ts";

const traceId = "a".repeat(32);
const path = `/api/throughline/traces/${traceId}`;
const statusNames = ["unset", "ok", "error"] as const;
const span = (id: number, parent: number, more: Partial<SpanRecord> = {}): SpanRecord =>
  exampleSpan({
    traceId,
    spanId: id.toString(16).padStart(16, "0"),
    parentSpanId: parent === 0 ? "" : parent.toString(16).padStart(16, "0"),
    ...more,
  });

async function read(spans: readonly SpanRecord[]) {
  const server = serverOver(spans);
  const answer = await server.inject({ method: "GET", url: path, headers: { accept: traceColumnsType } });
  const json = await server.inject({ method: "GET", url: path });
  return { answer, bytes: Uint8Array.from(answer.rawPayload), view: JSON.parse(json.body) as TraceView };
}

/** Spans as JSON has them, from columns. */
function spansOf(bytes: Uint8Array<ArrayBuffer>): Omit<SpanView, "selfNs">[] {
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

const fromJson = ({ spans }: TraceView) =>
  spans.map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => name !== "selfNs")));

test("columns hold what the JSON holds, whatever the spans are", async () => {
  const any = fc.sample(anySpan, { numRuns: 40, seed: 3 }).map((one) => ({ ...one, traceId }));
  const { answer, bytes, view } = await read([
    ...any,
    span(1, 0, { resource: resourceOf("web"), attributes: [text("note", "Grüße, 世界 🌍")] }),
    span(2, 1, { statusCode: 2, statusMessage: "refused" }),
    span(3, 999),
  ]);
  expect([answer.statusCode, answer.headers["content-type"], answer.headers["vary"]]).toEqual([
    200,
    traceColumnsType,
    "accept",
  ]);
  expect(spansOf(bytes)).toEqual(fromJson(view));
  expect(readStructure(bytes).head.summary).toEqual(view.summary);
});

test("the first cause is named by its place", async () => {
  const { bytes } = await read([
    span(1, 0, { statusCode: 2 }),
    span(2, 1, { statusCode: 2, statusMessage: "no" }),
    span(3, 1),
  ]);
  const { head } = readStructure(bytes);
  expect([head.firstError, head.summary.firstError?.message]).toEqual([1, "no"]);
});

test("clocks are hosts, else instances, else services", async () => {
  const resource = (attributes: SpanRecord["attributes"]) => ({ ...resourceOf("shop"), attributes });
  const name = text("service.name", "shop");
  const { bytes } = await read([
    span(1, 0, { resource: resource([name, text("host.name", "h1")]) }),
    span(2, 1, { resource: resource([name, text("service.instance.id", "i1")]) }),
    span(3, 1, { resource: resource([name]) }),
  ]);
  expect(readStructure(bytes).head.clocks).toEqual(["h1", "shop i1", "shop"]);
});

test("an unknown trace is answered as a problem, whatever form was asked for", async () => {
  const answer = await serverOver([]).inject({
    method: "GET",
    url: path,
    headers: { accept: traceColumnsType },
  });
  expect([answer.statusCode, String(answer.headers["content-type"])]).toEqual([
    404,
    expect.stringContaining("application/problem+json"),
  ]);
});

test("structure and details come alone too, with the ids that tell whether they are of one trace", async () => {
  const spans = [span(1, 0, { attributes: [text("a", "b")] }), span(2, 1)];
  const server = serverOver(spans);
  const ask = async (part: string) => {
    const answer = await server.inject({
      method: "GET",
      url: `${path}?part=${part}`,
      headers: { accept: traceColumnsType },
    });
    return { status: answer.statusCode, bytes: Uint8Array.from(answer.rawPayload) };
  };
  const { bytes: whole } = await read(spans);
  const { bytes: structure } = await ask("structure");
  const { bytes: details } = await ask("details");
  expect(readStructure(structure).structure).toEqual(readStructure(whole).structure);
  expect(readStructure(structure).head.keys).toEqual([]);
  expect(readDetails(details).details).toEqual(readDetails(whole).details);
  expect(readDetails(details).spanIds).toEqual(readStructure(structure).structure.spanIds);
  expect(readDetails(details).head.keys).toEqual(readStructure(whole).head.keys);
  expect((await ask("half")).status).toBe(400);
});

test("what is cut off or altered is refused", async () => {
  const { bytes } = await read([span(1, 0, { attributes: [text("a", "b")] }), span(2, 1), span(3, 2)]);
  expect(() => readDetails(bytes.slice(0, -8))).toThrow(TraceColumnsError);
  expect(() => readStructure(bytes.slice(0, 200))).toThrow(TraceColumnsError);
  expect(() => readStructure(bytes.slice(0, 12))).toThrow(TraceColumnsError);
  const other = bytes.slice();
  other[4] = 9;
  expect(() => readStructure(other)).toThrow("version 9");
  const { structure } = readStructure(bytes);
  structure.parents[1] = 2;
  expect(() => readStructure(bytes)).toThrow("no tree");
});
