import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance } from "fastify";
import { summarise } from "../../analyse/summary.ts";
import { buildTree, type SpanTree } from "../../analyse/tree.ts";
import type { SpanRecord } from "../../model.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { withUniqueIds } from "../../query/unique-ids.ts";
import { askerOf } from "../asker.ts";
import { writeCursor } from "./cursor.ts";
import { jsonArray, jsonElements, sendJson } from "../json-answer.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";
import { exportRoute } from "./export.ts";
import { findTraces, readTraceSearch } from "./search.ts";
import { traceView } from "./view.ts";

/** Throughline's own read API (its contract: `traces.ts` of `@throughline/api`). */
export function throughlineRoutes(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
): void {
  exportRoute(server, reader);

  server.get("/api/throughline/traces", async (request, reply) => {
    const search = readTraceSearch(QueryParameters.of(request.raw.url ?? ""));
    const { traces, next } = await findTraces(reader, search, { signal: askerOf(request, reply) });
    const cursor = JSON.stringify(writeCursor(next));
    return sendJson(reply, [
      '{"traces":',
      ...jsonArray(jsonElements(summaries(traces))),
      `,"next":${cursor}}`,
    ]);
  });

  server.get<{ Params: { traceId: string } }>("/api/throughline/traces/:traceId", async (request, reply) => {
    const traceId = parseHexTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("traceId", "must be 1 to 32 hexadecimal digits");
    const [trace] = await reader.traces([traceId], { signal: askerOf(request, reply) });
    if (trace === undefined) throw new ThroughlineError("TL_TRACE_NOT_FOUND", notFound(traceId, removed()));
    return sendJson(reply, traceView(treeOf(trace)));
  });
}

/** A trace that is not there may have been. */
function notFound(traceId: string, removed: RemovedSpans | null): string {
  const what = `No span of trace ${traceId} is stored.`;
  if (removed === null) return what;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return `${what} Spans received until ${iso(removed.receivedLastMs)} were removed by retention at ${iso(removed.atMs)}.`;
}

function* summaries(traces: readonly SpanRecord[][]) {
  for (const trace of traces) yield summarise(treeOf(trace));
}

function treeOf(trace: readonly SpanRecord[]): SpanTree {
  return buildTree(withUniqueIds(trace));
}
