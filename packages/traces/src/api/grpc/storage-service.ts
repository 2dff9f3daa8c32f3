import type { SpanReader } from "../../query/reader.ts";
import { extent } from "../../analyse/timing.ts";
import { filterLevels, filterOperators } from "../jaeger/filter.ts";
import type { Calls } from "./calls.ts";
import {
  invalid,
  type KeyValueMessage,
  type QueryParametersMessage,
  type Seconds,
  spanQueryOf,
  tagsOf,
  timeOf,
  timestampOf,
} from "./messages.ts";
import { dependenciesOf, operationsOf } from "./query-service.ts";
import { summaryMessage } from "./summaries.ts";
import { tracesData } from "./traces-data.ts";

interface FindRequest {
  query: (QueryParametersMessage & { attributes: KeyValueMessage[] }) | null;
}

type Time = Seconds | null;

/** jaeger.storage.v2: what a Jaeger asks of its remote storage. Traces are answered as they are stored: it adjusts them itself. */
export function storageServices(reader: SpanReader, calls: Calls) {
  const find = async ({ query }: FindRequest, signal: AbortSignal) =>
    (await reader.search(spanQueryOf(query, tagsOf(query?.attributes ?? []), false), { signal })).traces;
  return {
    traceReader: {
      GetTraces: calls.stream(async function* (
        request: { query: { traceId: Buffer }[] },
        signal: AbortSignal,
      ) {
        for (const { traceId } of request.query) {
          if (traceId.length !== 16) throw invalid("trace_id must be 16 bytes");
          const [trace] = await reader.traces([traceId.toString("hex")], { signal });
          if (trace !== undefined) yield* tracesData(trace);
        }
      }),
      GetServices: calls.unary(async (_request, signal) => ({ services: await reader.services({ signal }) })),
      GetOperations: calls.unary((request: { service: string; spanKind: string }, signal) =>
        operationsOf(reader, request, signal),
      ),
      FindTraces: calls.stream(async function* (request: FindRequest, signal: AbortSignal) {
        for (const trace of await find(request, signal)) yield* tracesData(trace);
      }),
      FindTraceIDs: calls.unary(async (request: FindRequest, signal: AbortSignal) => ({
        traceIds: (await find(request, signal)).map((trace) => {
          const { start, end } = extent(trace);
          const traceId = Buffer.from(trace[0]?.traceId ?? "", "hex");
          return { traceId, start: timestampOf(start), end: timestampOf(end) };
        }),
      })),
      FindTraceSummaries: calls.stream(async function* (request: FindRequest, signal: AbortSignal) {
        const summaries = (await find(request, signal)).map((trace) => summaryMessage(trace, "bytes"));
        if (summaries.length > 0) yield { summaries };
      }),
    },
    dependencyReader: {
      GetDependencies: calls.unary((request: { startTime: Time; endTime: Time }, signal) =>
        dependenciesOf(
          reader,
          timeOf(request.startTime) ?? 0n,
          timeOf(request.endTime) ?? 2n ** 64n - 1n,
          signal,
        ),
      ),
    },
    capabilities: {
      GetCapabilities: calls.unary(() =>
        Promise.resolve({
          search: {
            withoutServiceName: true,
            sameSpanConjunction: true,
            filter: { levels: filterLevels, operators: filterOperators },
          },
        }),
      ),
    },
  };
}
