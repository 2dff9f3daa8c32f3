import { ThroughlineError } from "@throughline/api/errors";
import { traceColumnsType, type TracePart } from "@throughline/api/trace-columns";
import type { FastifyInstance } from "fastify";
import { summarise } from "../../analyse/summary.ts";
import { buildTree, type SpanTree } from "../../analyse/tree.ts";
import type { SpanRecord } from "../../model.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { withUniqueIds } from "../../query/unique-ids.ts";
import { askerOf } from "../asker.ts";
import { mayBeRemoved, tellRemoval } from "../removal.ts";
import { writeCursor } from "./cursor.ts";
import { sendJson, sendLines, sendList, wants, wantsLines } from "../json-answer.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";
import type { SpanBudget } from "../span-budget.ts";
import { exportRoute } from "./export.ts";
import { isEmpty, pagesOf } from "./pages.ts";
import { findTraces, readTraceSearch } from "./search.ts";
import { taken } from "../trace-texts.ts";
import { spanLines, traceView } from "./view.ts";

/** Throughline's own read API (its contract: `traces.ts` of `@throughline/api`). */
export function throughlineRoutes(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
  budget: SpanBudget,
): void {
  exportRoute(server, reader, removed);

  server.get("/api/throughline/traces", async (request, reply) => {
    const query = QueryParameters.of(request.raw.url ?? "");
    const signal = askerOf(request, reply);
    const isStream = wantsLines(request);
    const search = readTraceSearch(query, isStream ? Number.MAX_SAFE_INTEGER : undefined);
    const links = [`</search${consoleQuery(query)}>; rel="alternate"; type="text/html"`];
    if (isStream && search.id === undefined) {
      const pages = pagesOf(reader, search.filters, search.filters.limit, signal);
      // What is wrong with the query is said before anything is sent.
      const first = await pages.next();
      if (isEmpty(first)) tellRemoval(reply, removed(), search.filters.startMin);
      return sendLines(reply.header("link", links[0]).header("vary", "accept"), summaryLines(first, pages));
    }
    const { traces, next } = await findTraces(reader, search, { signal });
    const cursor = writeCursor(next);
    const from = search.id === undefined ? search.filters.startMin : undefined;
    const removal = traces.length === 0 ? tellRemoval(reply, removed(), from) : "";
    if (cursor !== null)
      links.push(`</api/throughline/traces${query.with("cursor", cursor).toString()}>; rel="next"`);
    return sendList(
      request,
      reply.header("link", links.join(", ")),
      ['{"traces":', `,"next":${JSON.stringify(cursor)}${removal}}`],
      summaries(traces),
    );
  });

  server.get<{ Params: { traceId: string } }>("/api/throughline/traces/:traceId", async (request, reply) => {
    const traceId = parseHexTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("traceId", "must be 1 to 32 hexadecimal digits");
    const signal = askerOf(request, reply);
    const notFound = (): ThroughlineError =>
      new ThroughlineError(
        "TL_TRACE_NOT_FOUND",
        `No span of trace ${traceId} is stored${mayBeRemoved(removed())}.`,
      );
    const found = (spans: number): void => {
      budget.holdSpans(reply, spans);
      reply.header("vary", "accept");
      reply.header("link", `</trace/${traceId}>; rel="alternate"; type="text/html"`);
    };
    if (wants(request, traceColumnsType)) {
      const part = readPart(QueryParameters.of(request.raw.url ?? "").first("part"));
      const columns = await reader.columns(traceId, part, { signal });
      if (columns === undefined) throw notFound();
      found(columns.spans);
      return sendJson(reply, taken(columns), traceColumnsType);
    }
    const [trace] = await reader.traces([traceId], { signal });
    if (trace === undefined) throw notFound();
    found(trace.length);
    const tree = treeOf(trace);
    return wantsLines(request) ? sendLines(reply, spanLines(tree)) : sendJson(reply, traceView(tree));
  });

  server.get("/api/throughline/openapi.json", async (_request, reply) => {
    // What makes the document is loaded when somebody asks for it.
    const { openApiDocument } = await import("@throughline/api/traces-openapi");
    return sendJson(reply, [JSON.stringify(openApiDocument())]);
  });
}

function readPart(text: string | undefined): TracePart {
  if (text === undefined || text === "structure" || text === "details") return text ?? "all";
  throw wrongParameter("part", "must be structure or details");
}

/** The search page takes the same filters. */
function consoleQuery(query: QueryParameters): string {
  return query.without("limit", "cursor").toString();
}

async function* summaryLines(
  first: IteratorResult<SpanRecord[][], undefined>,
  rest: AsyncGenerator<SpanRecord[][], undefined>,
): AsyncGenerator<string> {
  for (let page = first; page.done !== true; page = await rest.next())
    for (const summary of summaries(page.value)) yield `${JSON.stringify(summary)}\n`;
}

function* summaries(traces: readonly SpanRecord[][]) {
  for (const trace of traces) yield summarise(treeOf(trace));
}

function treeOf(trace: readonly SpanRecord[]): SpanTree {
  return buildTree(withUniqueIds(trace));
}
