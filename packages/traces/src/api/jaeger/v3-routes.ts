import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SpanRecord } from "../../model.ts";
import { adjust } from "../../query/adjust.ts";
import { kindNames } from "../../query/kinds.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { jsonArray, jsonElements, type Piece, sendJson } from "../json-answer.ts";
import { readBoolean } from "../parameters/go-values.ts";
import { askerOf } from "../asker.ts";
import { mayBeRemoved } from "../removal.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { clampToOtlp, readRfc3339 } from "../parameters/time.ts";
import { parseTraceId } from "../parameters/trace-id.ts";
import { minutesOf } from "./legacy-changes.ts";
import type { SpanBudget } from "../span-budget.ts";
import { resourceSpans } from "./otlp-json.ts";
import { readQueryBlock, snakeCase } from "./v3-query.ts";
import { taken, traceTexts } from "../trace-texts.ts";
import { v3Summary } from "./v3-summary.ts";

/** Jaeger's second HTTP API (`/api/v3/*`, jaeger.api_v3.QueryService over HTTP). */
export function v3Routes(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
  budget: SpanBudget,
): void {
  const notFound = (): ThroughlineError =>
    new ThroughlineError("TL_TRACE_NOT_FOUND", `No traces found${mayBeRemoved(removed())}`);
  const sendTraces = (reply: FastifyReply, traces: readonly SpanRecord[][], raw: boolean): FastifyReply => {
    if (traces.length === 0) throw notFound();
    return sendJson(reply, wrapped("result", wrapped("resourceSpans", jsonArray(shown(traces, raw)))));
  };
  server.get("/api/v3/services", async (request, reply) => {
    const services = await reader.services({ signal: askerOf(request, reply) });
    return sendJson(reply, [JSON.stringify({ services })]);
  });

  server.get("/api/v3/operations", async (request, reply) => {
    const query = queryOf(request);
    const service = query.first("service");
    const wanted = read(query, "spanKind")?.toLowerCase();
    const operations =
      service === undefined ? [] : await reader.operations(service, { signal: askerOf(request, reply) });
    // A span that says nothing of its kind is shown as an internal one, beside which it would stand twice.
    const shown = new Map<string, { name: string; spanKind: string }>();
    for (const { name, kind } of operations) {
      const spanKind = kindNames[kind === 0 ? 1 : kind];
      if (wanted !== undefined && spanKind !== wanted) continue;
      shown.set(`${spanKind} ${name}`, { name: name === "" ? "empty-span-name" : name, spanKind });
    }
    return sendJson(reply, [JSON.stringify({ operations: [...shown.values()] })]);
  });

  server.get<{ Params: { traceId: string } }>("/api/v3/traces/:traceId", async (request, reply) => {
    const traceId = parseTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("trace_id", "must be 1 to 32 hexadecimal digits");
    const query = queryOf(request);
    // Hints for storages that keep traces by time; this one has no use for them.
    for (const name of ["startTime", "endTime"]) readRfc3339(name, read(query, name));
    const raw = readBoolean("rawTraces", read(query, "rawTraces"));
    const [text] = await traceTexts(
      reader,
      { traceIds: [traceId], form: "v3", raw },
      { signal: askerOf(request, reply) },
    );
    if (text === undefined) throw notFound();
    budget.holdSpans(reply, text.spans);
    return sendJson(reply, wrapped("result", wrapped("resourceSpans", taken(text))));
  });

  server.get("/api/v3/traces", async (request, reply) => {
    const query = queryOf(request);
    const raw = readBoolean("query.rawTraces", query.first("query.rawTraces", "query.raw_traces"));
    const { traces } = await reader.search(readQueryBlock(query), { signal: askerOf(request, reply) });
    budget.hold(reply, traces);
    return sendTraces(reply, traces, raw);
  });

  server.get("/api/v3/dependencies", async (request, reply) => {
    const query = queryOf(request);
    const [start, end] = ["startTime", "endTime"].map((name) => {
      const time = readRfc3339(name, read(query, name));
      if (time === undefined) throw wrongParameter(name, "is required");
      return clampToOtlp(time);
    });
    if (start === undefined || end === undefined || start >= end)
      throw wrongParameter("endTime", "must be after startTime");
    const edges = await reader.edges(minutesOf(start / 1_000_000n, end / 1_000_000n), {
      signal: askerOf(request, reply),
    });
    const dependencies = edges.map(({ parent, child, calls }) => ({
      parent,
      child,
      callCount: String(calls),
    }));
    return sendJson(reply, [JSON.stringify({ dependencies })]);
  });

  server.get("/api/v3/trace-summaries", async (request, reply) => {
    const { traces } = await reader.search(readQueryBlock(queryOf(request)), {
      signal: askerOf(request, reply),
    });
    return sendJson(reply, wrapped("summaries", jsonArray(jsonElements(summaries(traces)))));
  });
}

function queryOf(request: FastifyRequest): QueryParameters {
  return QueryParameters.of(request.raw.url ?? "");
}

/** A parameter in camelCase, or in its deprecated snake_case form where that is empty. */
function read(query: QueryParameters, camel: string): string | undefined {
  return query.first(camel, snakeCase(camel));
}

function* summaries(traces: readonly SpanRecord[][]): Generator<object> {
  for (const trace of traces) yield v3Summary(adjust(sanitize(trace)));
}

function* shown(traces: readonly SpanRecord[][], raw: boolean): Generator<Iterable<string>> {
  for (const trace of traces) {
    const spans = sanitize(trace);
    yield* resourceSpans(raw ? spans : adjust(spans));
  }
}

function* wrapped(name: string, value: Iterable<Piece>): Generator<Piece> {
  yield `{"${name}":`;
  yield* value;
  yield "}";
}
