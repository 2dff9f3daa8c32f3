import type { FastifyInstance } from "fastify";
import { serviceName, type SpanRecord } from "../../model.ts";
import type { SpanReader } from "../../query/reader.ts";
import { askerOf } from "../asker.ts";
import { sendList } from "../json-answer.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { readTraceSearch } from "./search.ts";

/** Whole traces are read for them. */
const spansAtMost = 50;

/** Spans that stand for what a chart shows: the search's filters, and of each trace the longest span that meets them. */
export function exemplarRoute(server: FastifyInstance, reader: SpanReader): void {
  server.get("/api/throughline/exemplars", async (request, reply) => {
    const query = QueryParameters.of(request.raw.url ?? "");
    if (query.first("service") === undefined) throw wrongParameter("service", "is required");
    for (const name of ["q", "where", "tag", "cursor"])
      if (query.first(name) !== undefined) throw wrongParameter(name, "is not for exemplars");
    const { filters } = readTraceSearch(query, spansAtMost);
    const { traces } = await reader.search(filters, { signal: askerOf(request, reply) });
    const wantsError = query.first("status") === "error";
    const fits = (span: SpanRecord): boolean =>
      serviceName(span.resource) === filters.service &&
      (filters.operation === undefined || span.name === filters.operation) &&
      span.startUnixNano >= (filters.startMin ?? 0n) &&
      (filters.startMax === undefined || span.startUnixNano <= filters.startMax) &&
      durationOf(span) >= (filters.durationMin ?? 0n) &&
      (filters.durationMax === undefined || durationOf(span) <= filters.durationMax) &&
      (!wantsError || span.statusCode === 2);
    const shown = traces.flatMap((trace) => {
      const [longest] = trace.filter(fits).sort((a, b) => Number(durationOf(b) - durationOf(a)));
      return longest === undefined ? [] : [exemplarOf(longest)];
    });
    return sendList(request, reply, ['{"exemplars":', "}"], shown);
  });
}

function exemplarOf(span: SpanRecord) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    operation: span.name,
    startUnixNano: String(span.startUnixNano),
    durationNs: Number(durationOf(span)),
    isError: span.statusCode === 2,
  };
}

function durationOf({ startUnixNano, endUnixNano }: SpanRecord): bigint {
  return endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n;
}
