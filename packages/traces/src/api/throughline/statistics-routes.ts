import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SpanKind } from "../../model.ts";
import type { FacetWindow, RemovedSpans, SpanReader } from "../../query/reader.ts";
import { askerOf } from "../asker.ts";
import { sendList } from "../json-answer.ts";
import { tellRemoval } from "../removal.ts";
import { readInteger } from "../parameters/go-values.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { clampToOtlp, readRfc3339 } from "../parameters/time.ts";

const nsOfMinute = 60_000_000_000n;
const defaultWindowNs = 3_600_000_000_000n;
const defaultLimit = 100;

const kindNames = ["unspecified", "internal", "server", "client", "producer", "consumer"];

function kindOf(name: string): SpanKind {
  const kind = kindNames.indexOf(name);
  if (kind === -1) throw wrongParameter("kind", `is none of ${kindNames.join(", ")}`);
  return kind as SpanKind;
}

/** What many spans add up to (the contract: `traces.ts` of `@throughline/api`). */
export function statisticsRoutes(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
  nowMs: () => number,
): void {
  const send = (
    request: FastifyRequest,
    reply: FastifyReply,
    before: string,
    elements: readonly unknown[],
    from: bigint,
  ): FastifyReply => {
    const removal = elements.length === 0 ? tellRemoval(reply, removed(), from) : "";
    return sendList(request, reply, [before, `${removal}}`], elements);
  };
  const parameters = (request: FastifyRequest, known: readonly string[]): QueryParameters => {
    const query = QueryParameters.of(request.raw.url ?? "");
    const unknown = query.names().find((name) => !known.includes(name));
    if (unknown !== undefined) throw wrongParameter(unknown.slice(0, 100), `is none of ${known.join(", ")}`);
    return query;
  };
  const window = (query: QueryParameters): FacetWindow => {
    const startMax = readRfc3339("end", query.first("end")) ?? BigInt(Math.ceil(nowMs())) * 1_000_000n;
    const startMin = readRfc3339("start", query.first("start")) ?? startMax - defaultWindowNs;
    if (startMax < startMin) throw wrongParameter("end", "must not be before start");
    const limit = readInteger("limit", query.first("limit")) ?? BigInt(defaultLimit);
    if (limit < 1n || limit > 10_000n) throw wrongParameter("limit", "must be between 1 and 10000");
    return { startMin: clampToOtlp(startMin), startMax: clampToOtlp(startMax), limit: Number(limit) };
  };

  server.get("/api/throughline/attributes", async (request, reply) => {
    const query = parameters(request, ["start", "end", "limit"]);
    const asked = window(query);
    const keys = await reader.attributeKeys(asked, { signal: askerOf(request, reply) });
    const shown = keys.map(({ text, spans }) => ({ key: text, spans }));
    return send(request, reply, '{"keys":', shown, asked.startMin);
  });

  server.get("/api/throughline/attribute-values", async (request, reply) => {
    const query = parameters(request, ["key", "start", "end", "limit"]);
    const key = query.first("key");
    if (key === undefined) throw wrongParameter("key", "is required");
    const asked = window(query);
    const values = await reader.attributeValues(key, asked, { signal: askerOf(request, reply) });
    const shown = values.map(({ text, spans }) => ({ value: text, spans }));
    return send(request, reply, `{"key":${JSON.stringify(key)},"values":`, shown, asked.startMin);
  });

  server.get("/api/throughline/red", async (request, reply) => {
    const query = parameters(request, ["service", "operation", "kind", "by", "step", "start", "end"]);
    const by = query.first("by") ?? "operation";
    if (by !== "operation" && by !== "service") throw wrongParameter("by", "is none of operation, service");
    const kinds = query.all("kind").map(kindOf);
    const step = readInteger("step", query.first("step")) ?? 1n;
    if (step < 1n || step > 1_440n) throw wrongParameter("step", "must be between 1 and 1440 minutes");
    const service = query.first("service");
    const operation = query.first("operation");
    const { startMin, startMax } = window(query);
    const series = await reader.red(
      {
        fromMinute: Number(startMin / nsOfMinute),
        toMinute: Number(startMax / nsOfMinute),
        ...(service === undefined ? {} : { service }),
        ...(operation === undefined ? {} : { operation }),
        ...(kinds.length === 0 ? {} : { kinds }),
        byService: by === "service",
        everyMinutes: Number(step),
      },
      { signal: askerOf(request, reply) },
    );
    return send(request, reply, '{"series":', series, startMin);
  });

  server.get("/api/throughline/service-calls", async (request, reply) => {
    const { startMin, startMax } = window(parameters(request, ["start", "end"]));
    const calls = await reader.edges(
      { fromMinute: Number(startMin / nsOfMinute), toMinute: Number(startMax / nsOfMinute) },
      { signal: askerOf(request, reply) },
    );
    return send(request, reply, '{"calls":', calls, startMin);
  });
}
