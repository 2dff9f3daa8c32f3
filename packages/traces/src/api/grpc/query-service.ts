import { ThroughlineError } from "@throughline/api/errors";
import { adjust } from "../../query/adjust.ts";
import { kindNames } from "../../query/kinds.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { minutesOf } from "../jaeger/legacy-changes.ts";
import { mayBeRemoved } from "../removal.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";
import type { Calls } from "./calls.ts";
import { invalid, type QueryParametersMessage, spanQueryOf, timeOf } from "./messages.ts";
import { summaryMessage } from "./summaries.ts";
import { tracesData } from "./traces-data.ts";

interface FindRequest {
  query: (QueryParametersMessage & { attributes: Record<string, string>; rawTraces: boolean }) | null;
}

type Time = Parameters<typeof timeOf>[0];

/** jaeger.api_v3.QueryService. */
export function queryService(reader: SpanReader, removed: () => RemovedSpans | null, calls: Calls) {
  const find = async ({ query }: FindRequest, signal: AbortSignal) => {
    const tags = Object.entries(query?.attributes ?? {}).map(([key, value]) => ({ key, value }));
    const { traces } = await reader.search(spanQueryOf(query, tags, true), { signal });
    return traces.map((trace) => (query?.rawTraces === true ? sanitize(trace) : adjust(sanitize(trace))));
  };
  return {
    GetTrace: calls.stream(async function* (
      request: { traceId: string; rawTraces: boolean },
      signal: AbortSignal,
    ) {
      const traceId = parseHexTraceId(request.traceId);
      if (traceId === undefined) throw invalid("trace_id must be 1 to 32 hexadecimal digits");
      const [trace] = await reader.traces([traceId], { signal });
      if (trace === undefined)
        throw new ThroughlineError("TL_TRACE_NOT_FOUND", `trace not found${mayBeRemoved(removed())}`);
      yield* tracesData(request.rawTraces ? sanitize(trace) : adjust(sanitize(trace)));
    }),
    FindTraces: calls.stream(async function* (request: FindRequest, signal: AbortSignal) {
      for (const trace of await find(request, signal)) yield* tracesData(trace);
    }),
    FindTraceSummaries: calls.stream(async function* (request: FindRequest, signal: AbortSignal) {
      const summaries = (await find(request, signal)).map((trace) => summaryMessage(trace, "text"));
      if (summaries.length > 0) yield { summaries };
    }),
    GetServices: calls.unary(async (_request, signal) => ({ services: await reader.services({ signal }) })),
    GetOperations: calls.unary((request: { service: string; spanKind: string }, signal) =>
      operationsOf(reader, request, signal),
    ),
    GetDependencies: calls.unary(async (request: { startTime: Time; endTime: Time }, signal) => {
      const start = timeOf(request.startTime);
      const end = timeOf(request.endTime);
      if (start === undefined || end === undefined) throw invalid("start_time and end_time are required");
      if (end <= start) throw invalid("end_time must be after start_time");
      return dependenciesOf(reader, start, end, signal);
    }),
  };
}

/** A kind that is not told stays empty. */
export async function operationsOf(
  reader: SpanReader,
  { service, spanKind }: { service: string; spanKind: string },
  signal: AbortSignal,
) {
  const wanted = spanKind.toLowerCase();
  const operations = (await reader.operations(service, { signal }))
    .map(({ name, kind }) => ({ name, spanKind: kind === 0 ? "" : kindNames[kind] }))
    .filter((operation) => wanted === "" || operation.spanKind === wanted);
  return { operations };
}

export async function dependenciesOf(reader: SpanReader, start: bigint, end: bigint, signal: AbortSignal) {
  const edges = await reader.edges(minutesOf(start / 1_000_000n, end / 1_000_000n), { signal });
  return { dependencies: edges.map(({ parent, child, calls }) => ({ parent, child, callCount: calls })) };
}
