import type { ReadOptions, SearchAnswer, SpanQuery, SpanReader } from "../../query/reader.ts";
import { readDurations, readInteger } from "../parameters/go-values.ts";
import { type QueryParameters, wrongParameter } from "../parameters/query.ts";
import { clampToOtlp, readRfc3339 } from "../parameters/time.ts";
import { readCursor } from "./cursor.ts";
import { parseWhere } from "./where.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";

const defaultLimit = 20;
const maxLimit = 1_500;
const filterNames = [
  "service",
  "operation",
  "tag",
  "status",
  "where",
  "minDuration",
  "maxDuration",
  "minTraceDuration",
  "maxTraceDuration",
  "start",
  "end",
];
const known = new Set(["q", ...filterNames, "limit", "cursor"]);

export interface TraceSearch {
  /** A trace id or a ticket id; undefined where neither is asked for. */
  id: string | undefined;
  filters: SpanQuery;
}

/** The parameters of GET /api/throughline/traces. An unknown one is refused: a misspelt filter would find everything. */
export function readTraceSearch(query: QueryParameters, largest = maxLimit): TraceSearch {
  const unknown = query.names().find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw wrongParameter(unknown.slice(0, 100), `is none of ${[...known].join(", ")}`);
  }
  const service = query.first("service");
  const operation = query.first("operation");
  const start = readRfc3339("start", query.first("start"));
  const end = readRfc3339("end", query.first("end"));
  if (start !== undefined && end !== undefined && end < start) {
    throw wrongParameter("end", "must not be before start");
  }
  const where = query.first("where");
  const filters: SpanQuery = {
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    tags: [...readTags(query), ...readStatus(query.first("status"))],
    ...(start === undefined ? {} : { startMin: clampToOtlp(start) }),
    ...(end === undefined ? {} : { startMax: clampToOtlp(end) }),
    ...readDurations(
      { name: "minDuration", text: query.first("minDuration") },
      { name: "maxDuration", text: query.first("maxDuration") },
    ),
    ...readTraceDurations(query),
    ...(where === undefined ? {} : { where: parseWhere(where) }),
    ...readCursor(query.first("cursor")),
    limit: readTraceLimit(query.first("limit"), largest),
  };
  return { id: query.first("q")?.trim() || undefined, filters };
}

/**
 * A trace whose id is asked for is found whatever the filters say; a ticket's traces must meet them. Ids of tickets are
 * in capitals, which people do not always type.
 */
export async function findTraces(
  reader: SpanReader,
  { id, filters }: TraceSearch,
  options: ReadOptions = {},
): Promise<SearchAnswer> {
  if (id === undefined) return reader.search(filters, options);
  const traceId = parseHexTraceId(id);
  const byId = traceId === undefined ? [] : await reader.traces([traceId], options);
  if (byId.length > 0) return { traces: byId, next: undefined };
  for (const ticketId of new Set([id, id.toUpperCase()])) {
    const tags = [...filters.tags, { key: "ticket.id", value: ticketId }];
    const byTicket = await reader.search({ ...filters, tags }, options);
    if (byTicket.traces.length > 0) return byTicket;
  }
  return { traces: [], next: undefined };
}

function readTraceDurations(
  query: QueryParameters,
): Pick<SpanQuery, "traceDurationMin" | "traceDurationMax"> {
  const { durationMin, durationMax } = readDurations(
    { name: "minTraceDuration", text: query.first("minTraceDuration") },
    { name: "maxTraceDuration", text: query.first("maxTraceDuration") },
  );
  return {
    ...(durationMin === undefined ? {} : { traceDurationMin: durationMin }),
    ...(durationMax === undefined ? {} : { traceDurationMax: durationMax }),
  };
}

function readTags(query: QueryParameters): SpanQuery["tags"] {
  return query
    .all("tag")
    .filter((text) => text !== "")
    .map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw wrongParameter("tag", "must be of the form key=value");
      return { key: text.slice(0, equals), value: text.slice(equals + 1) };
    });
}

function readStatus(status: string | undefined): SpanQuery["tags"] {
  switch (status) {
    case undefined:
      return [];
    case "error":
      return [{ key: "error", value: "true" }];
    case "ok":
      return [{ key: "otel.status_code", value: "OK" }];
    default:
      throw wrongParameter("status", "must be error or ok");
  }
}

function readTraceLimit(text: string | undefined, largest: number): number {
  const limit = readInteger("limit", text);
  if (limit === undefined) return defaultLimit;
  if (limit < 1n || limit > BigInt(largest))
    throw wrongParameter("limit", `must be between 1 and ${largest}`);
  return Number(limit);
}
