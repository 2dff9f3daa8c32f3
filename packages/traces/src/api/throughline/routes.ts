import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance } from "fastify";
import { summarise } from "../../analyse/summary.ts";
import { buildTree, type SpanTree } from "../../analyse/tree.ts";
import type { SpanRecord } from "../../model.ts";
import type { SpanReader } from "../../query/reader.ts";
import { withUniqueIds } from "../../query/unique-ids.ts";
import { jsonArray, jsonElements, sendJson } from "../json-answer.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";
import { findTraces, readTraceSearch } from "./search.ts";
import { traceView } from "./view.ts";

/** Throughline's own read API (its contract: `traces.ts` of `@throughline/api`). */
export function throughlineRoutes(server: FastifyInstance, reader: SpanReader): void {
  server.get("/api/throughline/traces", async (request, reply) => {
    const search = readTraceSearch(QueryParameters.of(request.raw.url ?? ""));
    const traces = await findTraces(reader, search);
    return sendJson(reply, ['{"traces":', ...jsonArray(jsonElements(summaries(traces))), "}"]);
  });

  server.get<{ Params: { traceId: string } }>("/api/throughline/traces/:traceId", async (request, reply) => {
    const traceId = parseHexTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("traceId", "must be 1 to 32 hexadecimal digits");
    const [trace] = await reader.traces([traceId]);
    if (trace === undefined) {
      throw new ThroughlineError("TL_TRACE_NOT_FOUND", `No span of trace ${traceId} is stored.`);
    }
    return sendJson(reply, traceView(treeOf(trace)));
  });
}

function* summaries(traces: readonly SpanRecord[][]) {
  for (const trace of traces) yield summarise(treeOf(trace));
}

function treeOf(trace: readonly SpanRecord[]): SpanTree {
  return buildTree(withUniqueIds(trace));
}
