import type { TraceView } from "@throughline/api";
import {
  readDetails,
  readStructure,
  TraceColumnsError,
  traceColumnsType,
} from "@throughline/api/trace-columns";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { anySpan, exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { spansOfColumns, spansOfView } from "../../trace-columns/example-columns.ts";
import { serverOver } from "../stored-traces.ts";

const traceId = "a".repeat(32);
const path = `/api/throughline/traces/${traceId}`;
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
  expect(spansOfColumns(bytes)).toEqual(spansOfView(view));
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
