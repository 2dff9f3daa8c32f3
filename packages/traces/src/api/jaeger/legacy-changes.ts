import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SpanRecord } from "../../model.ts";
import type { SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { askerOf } from "../asker.ts";
import { jsonArray, sendJson } from "../json-answer.ts";
import { readInteger } from "../parameters/go-values.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseTraceId } from "../parameters/trace-id.ts";
import { envelope } from "./legacy-envelope.ts";
import { legacyTrace } from "./legacy-model.ts";
import { checkTimeHints } from "./legacy-search.ts";

const transformBytes = 64 * 1024 * 1024;
const msOfMinute = 60_000n;

export interface LegacyChanges {
  reader: SpanReader;
  /** Keeps a trace beyond retention. */
  pin: (traceId: string, request: FastifyRequest) => Promise<void>;
  /** Spans of OTLP JSON. Throws ThroughlineError TL_BODY_UNREADABLE. */
  decodeJson: (bytes: Uint8Array) => SpanRecord[];
  /** Milliseconds since the epoch. */
  nowMs: () => number;
}

/** Jaeger's archive, dependencies and transformation of OTLP. */
export function legacyChangeRoutes(server: FastifyInstance, parts: LegacyChanges): void {
  const { reader, pin, decodeJson, nowMs } = parts;

  server.post<{ Params: { traceId: string } }>("/api/archive/:traceId", async (request, reply) => {
    const traceId = parseTraceId(request.params.traceId);
    if (traceId === undefined) throw wrongParameter("traceID", "must be 1 to 32 hexadecimal digits");
    checkTimeHints(QueryParameters.of(request.raw.url ?? ""));
    const [trace] = await reader.traces([traceId], { signal: askerOf(request, reply) });
    if (trace === undefined) throw new ThroughlineError("TL_TRACE_NOT_FOUND", "trace not found");
    await pin(traceId, request);
    return sendJson(reply, ['{"data":[],"total":0,"limit":0,"offset":0,"errors":[]}']);
  });

  server.get("/api/dependencies", async (request, reply) => {
    const query = QueryParameters.of(request.raw.url ?? "");
    const end = readInteger("endTs", query.first("endTs")) ?? BigInt(Math.floor(nowMs()));
    const lookback = readInteger("lookback", query.first("lookback")) ?? 86_400_000n;
    if (end < 0n) throw wrongParameter("endTs", "must not be negative");
    if (lookback < 0n) throw wrongParameter("lookback", "must not be negative");
    const service = query.first("service");
    const start = lookback > end ? 0n : end - lookback;
    const links = (await reader.edges(minutesOf(start, end), { signal: askerOf(request, reply) }))
      .filter(({ parent, child }) => service === undefined || parent === service || child === service)
      .map(({ parent, child, calls }) => ({ parent, child, callCount: calls }));
    return sendJson(reply, envelope([JSON.stringify(links)], 0, []));
  });

  server.post("/api/transform", { bodyLimit: transformBytes }, async (request, reply) => {
    if (!Buffer.isBuffer(request.body))
      throw new ThroughlineError("TL_BODY_UNREADABLE", "The request needs a body of OTLP JSON.");
    const traces = Map.groupBy(decodeJson(request.body), ({ traceId }) => traceId);
    const shown = Array.from(traces.values(), (spans) => legacyTrace(sanitize(spans)));
    return sendJson(reply, envelope(jsonArray(shown), 0, []));
  });
}

/** Whole minutes of a window in milliseconds. */
export function minutesOf(startMs: bigint, endMs: bigint): { fromMinute: number; toMinute: number } {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  const minute = (ms: bigint): number => Number(ms / msOfMinute > largest ? largest : ms / msOfMinute);
  return { fromMinute: minute(startMs), toMinute: minute(endMs) };
}
