import { ThroughlineError } from "@throughline/api/errors";
import type { Principal } from "../../access.ts";
import {
  type AttributeValue,
  type KeyValue,
  type ResourceRecord,
  serviceName,
  type SpanRecord,
} from "../../model.ts";
import { adjust } from "../../query/adjust.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { warningsOf } from "../../query/warnings.ts";
import { attributeText } from "../../store/attribute-text.ts";
import { logFields, processTags, referencesOf, spanTags } from "../jaeger/legacy-span.ts";
import { mayBeRemoved } from "../removal.ts";
import type { Calls } from "./calls.ts";
import { invalid, type QueryParametersMessage, spanQueryOf, timeOf, timestampOf } from "./messages.ts";
import { dependenciesOf, operationsOf } from "./query-service.ts";

type Time = Parameters<typeof timeOf>[0];

/** Jaeger's own server sends so many spans in a message; large ones still stay below the limit of clients. */
const spansInChunk = 10;

/** jaeger.api_v2.QueryService. `pin`: keeps a trace beyond retention, which is how this store archives. */
export function legacyQueryService(
  reader: SpanReader,
  removed: () => RemovedSpans | null,
  pin: (traceId: string, by: Principal) => Promise<void>,
  calls: Calls,
) {
  const traceOf = async (bytes: Buffer, signal: AbortSignal): Promise<SpanRecord[]> => {
    const [trace] = await reader.traces([traceIdOf(bytes)], { signal });
    if (trace === undefined)
      throw new ThroughlineError("TL_TRACE_NOT_FOUND", `trace not found${mayBeRemoved(removed())}`);
    return trace;
  };
  return {
    GetTrace: calls.stream(async function* (
      request: { traceId: Buffer; rawTraces: boolean },
      signal: AbortSignal,
    ) {
      yield* chunks(await traceOf(request.traceId, signal), request.rawTraces);
    }),
    ArchiveTrace: calls.unary(async (request: { traceId: Buffer }, signal: AbortSignal, asker) => {
      await traceOf(request.traceId, signal);
      await pin(traceIdOf(request.traceId), asker);
      return {};
    }, "write"),
    FindTraces: calls.stream(async function* (
      {
        query,
      }: {
        query: (QueryParametersMessage & { tags: Record<string, string>; rawTraces: boolean }) | null;
      },
      signal: AbortSignal,
    ) {
      const tags = Object.entries(query?.tags ?? {}).map(([key, value]) => ({ key, value }));
      const { traces } = await reader.search(spanQueryOf(query, tags, false), { signal });
      for (const trace of traces) yield* chunks(trace, query?.rawTraces === true);
    }),
    GetServices: calls.unary(async (_request, signal) => ({ services: await reader.services({ signal }) })),
    GetOperations: calls.unary(async (request: { service: string; spanKind: string }, signal) => {
      const { operations } = await operationsOf(reader, request, signal);
      return { operationNames: [...new Set(operations.map(({ name }) => name))], operations };
    }),
    GetDependencies: calls.unary((request: { startTime: Time; endTime: Time }, signal) =>
      dependenciesOf(
        reader,
        timeOf(request.startTime) ?? 0n,
        timeOf(request.endTime) ?? 2n ** 64n - 1n,
        signal,
      ),
    ),
  };
}

function traceIdOf(bytes: Buffer): string {
  if (bytes.length !== 16 && bytes.length !== 8) throw invalid("trace_id must be 16 bytes");
  return bytes.toString("hex").padStart(32, "0");
}

async function* chunks(trace: readonly SpanRecord[], raw: boolean): AsyncGenerator<{ spans: object[] }> {
  const sanitized = sanitize(trace);
  const spans = raw ? sanitized : adjust(sanitized);
  const processes = new Map<ResourceRecord, object>();
  for (let from = 0; from < spans.length; from += spansInChunk)
    yield { spans: spans.slice(from, from + spansInChunk).map((span) => spanMessage(span, processes)) };
}

function spanMessage(span: SpanRecord, processes: Map<ResourceRecord, object>): object {
  let process = processes.get(span.resource);
  if (process === undefined) {
    process = { serviceName: serviceName(span.resource), tags: processTags(span.resource).map(keyValue) };
    processes.set(span.resource, process);
  }
  return {
    traceId: bytesOf(span.traceId),
    spanId: bytesOf(span.spanId),
    operationName: span.name,
    references: referencesOf(span).map(({ traceId, spanId, refType }) => ({
      traceId: bytesOf(traceId),
      spanId: bytesOf(spanId),
      refType,
    })),
    startTime: timestampOf(span.startUnixNano),
    duration: timestampOf(span.endUnixNano - span.startUnixNano),
    tags: spanTags(span).map(keyValue),
    logs: span.events.map((event) => ({
      timestamp: timestampOf(event.timeUnixNano),
      fields: logFields(event).map(keyValue),
    })),
    process,
    warnings: warningsOf(span),
  };
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function keyValue({ key, value }: KeyValue): object {
  return { key, ...typedValue(value) };
}

function typedValue(value: AttributeValue): object {
  switch (value.type) {
    case "bool":
      return { vType: "BOOL", vBool: value.value };
    case "int":
      return { vType: "INT64", vInt64: String(value.value) };
    case "double":
      return { vType: "FLOAT64", vFloat64: value.value };
    case "bytes":
      return { vType: "BINARY", vBinary: value.value };
    case "string":
    case "array":
    case "map":
    case "empty":
      return { vType: "STRING", vStr: attributeText(value) };
  }
}
