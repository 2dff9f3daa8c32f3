import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SpanRecord } from "../../model.ts";
import { adjust } from "../../query/adjust.ts";
import { kindNames } from "../../query/kinds.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { jsonArray, type Piece, sendJson } from "../json-answer.ts";
import { readBoolean } from "../parameters/go-values.ts";
import { askerOf } from "../asker.ts";
import { mayBeRemoved } from "../removal.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseTraceId } from "../parameters/trace-id.ts";
import type { SpanBudget } from "../span-budget.ts";
import { envelope, type LegacyError } from "./legacy-envelope.ts";
import { legacyTrace } from "./legacy-model.ts";
import { taken, traceTexts } from "../trace-texts.ts";
import { checkTimeHints, readSearch, readTraceIds } from "./legacy-search.ts";

/**
 * Jaeger's first HTTP API (Jaeger v2.20, `/api/*`): services, operations, search and a trace by its id. `nowMs` gives
 * milliseconds since the epoch, where a search's default window ends.
 */
export function legacyRoutes(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
  nowMs: () => number,
  budget: SpanBudget,
): void {
  server.get("/api/services", async (request, reply) => {
    const services = await reader.services({ signal: askerOf(request, reply) });
    return send(reply, [JSON.stringify(services)], { total: services.length });
  });

  server.get<{ Params: { service: string } }>("/api/services/:service/operations", async (request, reply) => {
    const operations = await reader.operations(decodeAgain(request.params.service), {
      signal: askerOf(request, reply),
    });
    const names = [...new Set(operations.map(({ name }) => shownName(name)))];
    return send(reply, [JSON.stringify(names.length > 0 ? names : null)], { total: names.length });
  });

  server.get("/api/operations", async (request, reply) => {
    const query = queryOf(request);
    const service = query.first("service");
    if (service === undefined) throw wrongParameter("service", "is required");
    const wanted = query.first("spanKind");
    const operations = (await reader.operations(service, { signal: askerOf(request, reply) }))
      .map(({ name, kind }) => ({ name: shownName(name), spanKind: kind === 0 ? "" : kindNames[kind] }))
      .filter(({ spanKind }) => wanted === undefined || spanKind === wanted);
    return send(reply, [JSON.stringify(operations)], { total: operations.length });
  });

  server.get("/api/traces", async (request, reply) => {
    const query = queryOf(request);
    const raw = readBoolean("raw", query.first("raw"));
    const traceIds = readTraceIds(query);
    if (traceIds.length === 0) {
      const search = readSearch(query, BigInt(Math.floor(nowMs() * 1_000)));
      const { traces } = await reader.search(search, { signal: askerOf(request, reply) });
      budget.hold(reply, traces);
      return sendTraces(request, reply, jsonArray(shown(traces, raw)));
    }
    checkTimeHints(query);
    const texts = await traceTexts(
      reader,
      { traceIds: [...new Set(traceIds)], form: "legacy", raw },
      { signal: askerOf(request, reply) },
    );
    const found = new Set(texts.map(({ traceId }) => traceId));
    const missing = traceIds
      .filter((traceID) => !found.has(traceID))
      .map((traceID) => ({ msg: "trace not found", traceID }));
    budget.holdSpans(
      reply,
      texts.reduce((sum, { spans }) => sum + spans, 0),
    );
    return sendTraces(request, reply, jsonArray(texts.map(taken)), missing);
  });

  server.get<{ Params: { traceId: string } }>("/api/traces/:traceId", async (request, reply) => {
    const traceId = parseTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("traceID", "must be 1 to 32 hexadecimal digits");
    const query = queryOf(request);
    checkTimeHints(query);
    const raw = readBoolean("raw", query.first("raw"));
    const [text] = await traceTexts(
      reader,
      { traceIds: [traceId], form: "legacy", raw },
      { signal: askerOf(request, reply) },
    );
    if (text === undefined)
      throw new ThroughlineError("TL_TRACE_NOT_FOUND", `trace not found${mayBeRemoved(removed())}`);
    budget.holdSpans(reply, text.spans);
    return sendTraces(request, reply, jsonArray([taken(text)]));
  });
}

function queryOf(request: FastifyRequest): QueryParameters {
  return QueryParameters.of(request.raw.url ?? "");
}

function shownName(operation: string): string {
  return operation === "" ? "empty-span-name" : operation;
}

/** Jaeger decodes the service of the path as a query value once more. */
function decodeAgain(service: string): string {
  try {
    return decodeURIComponent(service.replaceAll("+", " "));
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw wrongParameter("service", "is not percent-encoded UTF-8");
  }
}

function sendTraces(
  request: FastifyRequest,
  reply: FastifyReply,
  data: Iterable<Piece>,
  errors: readonly LegacyError[] = [],
) {
  const pretty = queryOf(request).first("prettyPrint");
  return send(reply, data, { errors, indented: pretty !== undefined && pretty !== "false" });
}

function* shown(traces: readonly SpanRecord[][], raw: boolean): Generator<Iterable<string>> {
  for (const trace of traces) {
    const spans = sanitize(trace);
    yield legacyTrace(raw ? spans : adjust(spans));
  }
}

function send(
  reply: FastifyReply,
  data: Iterable<Piece>,
  options: { total?: number; errors?: readonly LegacyError[]; indented?: boolean },
) {
  const pieces = envelope(data, options.total ?? 0, options.errors ?? []);
  if (options.indented !== true) return sendJson(reply, pieces);
  return sendJson(reply, [JSON.stringify(JSON.parse(textOf(pieces)), null, 4)]);
}

function textOf(pieces: Iterable<Piece>): string {
  return Buffer.concat(
    Array.from(pieces, (piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)),
  ).toString("utf8");
}
